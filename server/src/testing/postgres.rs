//! A place of its own for each test in a real PostgreSQL.

use sqlx::{Connection, PgConnection};

use crate::ids;

/// An empty schema of a real PostgreSQL, dropped with this.
///
/// `BYOA_TEST_POSTGRES_URL` names the database, else a `DATABASE_URL` that is PostgreSQL's.
#[derive(Debug)]
pub struct PostgresSchema {
    name: String,
    database: String,
    url: String,
}

impl PostgresSchema {
    /// Makes one.
    ///
    /// # Panics
    ///
    /// Where no PostgreSQL is named or it does not answer: a test that cannot run has failed.
    pub async fn make() -> Self {
        let database = database();
        let name = format!("test_{}", ids::unguessable().simple());
        execute(&database, format!("CREATE SCHEMA {name}")).await;
        let joint = if database.contains('?') { '&' } else { '?' };
        Self { url: format!("{database}{joint}options=-csearch_path%3D{name}"), name, database }
    }

    /// The URL of a store in this schema.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }
}

impl Drop for PostgresSchema {
    fn drop(&mut self) {
        let (database, name) = (self.database.clone(), self.name.clone());
        // The test's own runtime does not wait for what is started while it ends.
        let dropping = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            let runtime = runtime.expect("a runtime");
            runtime.block_on(execute(&database, format!("DROP SCHEMA {name} CASCADE")));
        });
        // A test that fails has said more than this could.
        let _ = dropping.join();
    }
}

fn database() -> String {
    let variable = |name: &str| std::env::var(name).ok().filter(|url| url.starts_with("postgres"));
    let Some(url) = variable("BYOA_TEST_POSTGRES_URL").or_else(|| variable("DATABASE_URL")) else {
        panic!(
            "this test needs a PostgreSQL: run `npm test -- native`, put `node scripts/postgres.mjs` before the \
             command, or name one in BYOA_TEST_POSTGRES_URL"
        )
    };
    url
}

async fn execute(database: &str, statement: String) {
    let mut connection = PgConnection::connect(database).await.expect("PostgreSQL answers");
    let done = sqlx::raw_sql(sqlx::AssertSqlSafe(statement)).execute(&mut connection).await;
    done.expect("PostgreSQL does what a test needs");
    // The statement is done, which is all that matters.
    let _ = connection.close().await;
}
