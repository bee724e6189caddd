//! An environment as rows that every store can give and take: how it moves from one database to another.
//!
//! Which tables and columns there are stands here once. A column that is added to a table of an environment
//! is added here too; the tests compare with the tables as they are.

use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use uuid::Uuid;

use super::{AuditRecord, Note, StoreError, username};

type Result<T> = std::result::Result<T, StoreError>;

/// What a column holds, and so how it is written in a dump.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// A UUID in its usual form.
    Id,
    /// Bytes in hex.
    Bytes,
    /// Text.
    Text,
    /// An integer.
    Number,
    /// True or false.
    Flag,
    /// A document, as itself.
    Json,
}

/// A table whose rows belong to environments.
#[derive(Debug)]
pub(super) struct Table {
    pub(super) name: &'static str,
    /// The column that says which environment.
    pub(super) environment: &'static str,
    pub(super) columns: &'static [(&'static str, Kind)],
}

impl Table {
    /// The columns as a list in a statement.
    pub(super) fn list(&self) -> String {
        self.columns.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(", ")
    }
}

/// The table of that name.
pub(super) fn table(name: &str) -> Option<&'static Table> {
    TABLES.iter().find(|table| table.name == name)
}

/// Every table, each after those that it refers to.
pub(super) static TABLES: &[Table] = &[
    Table {
        name: "environments",
        environment: "id",
        columns: &[
            ("id", Kind::Id),
            ("name", Kind::Text),
            ("allowed_origins", Kind::Json),
            ("cookie_name", Kind::Text),
            ("assume_email_verified", Kind::Flag),
            ("session_algorithm", Kind::Text),
            ("replay", Kind::Text),
            ("step_up", Kind::Json),
            ("session_cookie", Kind::Flag),
            ("nonce_key", Kind::Bytes),
            ("revision", Kind::Number),
            ("created_at", Kind::Number),
            ("updated_at", Kind::Number),
        ],
    },
    Table {
        name: "issuers",
        environment: "environment_id",
        columns: &[
            ("environment_id", Kind::Id),
            ("issuer", Kind::Text),
            ("key_source", Kind::Text),
            ("key_source_value", Kind::Text),
            ("audiences", Kind::Json),
            ("algorithms", Kind::Json),
            ("leeway_seconds", Kind::Number),
            ("max_lifetime_seconds", Kind::Number),
            ("position", Kind::Number),
        ],
    },
    Table {
        name: "signing_keys",
        environment: "environment_id",
        columns: &[
            ("environment_id", Kind::Id),
            ("kid", Kind::Text),
            ("algorithm", Kind::Text),
            ("pkcs8", Kind::Bytes),
            ("public_jwk", Kind::Json),
            ("created_at", Kind::Number),
            ("retired_at", Kind::Number),
        ],
    },
    Table {
        name: "users",
        environment: "environment_id",
        columns: &[
            ("id", Kind::Id),
            ("environment_id", Kind::Id),
            ("email", Kind::Text),
            ("alias", Kind::Text),
            ("first_name", Kind::Text),
            ("last_name", Kind::Text),
            ("job_title", Kind::Text),
            ("phone_number", Kind::Text),
            ("t_shirt_size", Kind::Text),
            ("team", Kind::Text),
            ("country", Kind::Text),
            ("username", Kind::Text),
            ("username_key", Kind::Text),
            ("policies_consent", Kind::Flag),
            ("metadata", Kind::Json),
            ("first_visit", Kind::Number),
            ("last_visit", Kind::Number),
            ("updated_at", Kind::Number),
        ],
    },
    Table {
        name: "credentials",
        environment: "environment_id",
        columns: &[
            ("id", Kind::Id),
            ("environment_id", Kind::Id),
            ("user_id", Kind::Id),
            ("kind", Kind::Text),
            ("issuer", Kind::Text),
            ("identifier", Kind::Text),
            ("verified_at", Kind::Number),
            ("last_selected_at", Kind::Number),
        ],
    },
    Table {
        name: "sessions",
        environment: "environment_id",
        columns: &[
            ("id", Kind::Id),
            ("environment_id", Kind::Id),
            ("user_id", Kind::Id),
            ("signin_credential_id", Kind::Id),
            ("audience", Kind::Text),
            ("public_key", Kind::Text),
            ("dpop_jkt", Kind::Text),
            ("sdk_version", Kind::Text),
            ("ip", Kind::Text),
            ("user_agent", Kind::Text),
            ("generation", Kind::Number),
            ("token_id", Kind::Id),
            ("previous_token_id", Kind::Id),
            ("created_at", Kind::Number),
            ("refreshed_at", Kind::Number),
            ("expires_at", Kind::Number),
            ("refresh_expires_at", Kind::Number),
            ("revoked_at", Kind::Number),
            ("revoke_reason", Kind::Text),
        ],
    },
    Table {
        name: "used_nonces",
        environment: "environment_id",
        columns: &[("environment_id", Kind::Id), ("nonce", Kind::Text), ("expires_at", Kind::Number)],
    },
    Table {
        name: "audit_log",
        environment: "environment_id",
        columns: &[
            ("id", Kind::Id),
            ("environment_id", Kind::Id),
            ("at", Kind::Number),
            ("action", Kind::Text),
            ("refused", Kind::Text),
            ("actor", Kind::Text),
            ("user_id", Kind::Id),
            ("session_id", Kind::Id),
            ("issuer", Kind::Text),
            ("kid", Kind::Text),
            ("request_id", Kind::Text),
            ("ip", Kind::Text),
            ("user_agent", Kind::Text),
            ("detail", Kind::Text),
        ],
    },
    Table {
        name: "webhooks",
        environment: "environment_id",
        columns: &[
            ("id", Kind::Id),
            ("environment_id", Kind::Id),
            ("url", Kind::Text),
            ("events", Kind::Json),
            ("secret", Kind::Bytes),
            ("enabled", Kind::Flag),
            ("enabled_at", Kind::Number),
            ("disabled_reason", Kind::Text),
            ("created_at", Kind::Number),
            ("updated_at", Kind::Number),
        ],
    },
    Table {
        name: "webhook_messages",
        environment: "environment_id",
        columns: &[
            ("id", Kind::Id),
            ("environment_id", Kind::Id),
            ("webhook_id", Kind::Id),
            ("event_id", Kind::Id),
            ("event", Kind::Text),
            ("user_id", Kind::Id),
            ("external_user_id", Kind::Text),
            ("data", Kind::Json),
            ("created_at", Kind::Number),
            ("state", Kind::Text),
            ("tries", Kind::Number),
            ("due_at", Kind::Number),
            ("claim", Kind::Id),
            ("finished_at", Kind::Number),
            ("last_status", Kind::Number),
            ("last_error", Kind::Text),
        ],
    },
];

/// One line of a dump. `Debug` does not tell what is in it: private keys are.
#[derive(Clone, Deserialize, Serialize)]
#[serde(untagged)]
pub enum DumpLine {
    /// A row.
    Row {
        /// Of which table.
        table: String,
        /// By column.
        row: Map<String, Value>,
    },
    /// The last line: a dump without it was cut off.
    End {
        /// How many rows came before.
        end: u64,
    },
}

impl fmt::Debug for DumpLine {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Row { table, .. } => {
                formatter.debug_struct("Row").field("table", table).finish_non_exhaustive()
            }
            Self::End { end } => formatter.debug_struct("End").field("end", end).finish(),
        }
    }
}

/// Holds the rows of an import to what a dump is.
#[derive(Debug, Default)]
pub(super) struct Reading {
    rows: u64,
    ended: bool,
    environment: Option<Value>,
    usernames_to_key: Vec<(Uuid, String)>,
}

impl Reading {
    /// The next row with its table; `None` for the end.
    pub(super) fn take(&mut self, line: DumpLine) -> Result<Option<(&'static Table, Map<String, Value>)>> {
        let corrupt = |what| Err(StoreError::Corrupt(what));
        match line {
            _ if self.ended => corrupt("line after the end of the export"),
            DumpLine::End { end } => {
                self.ended = true;
                if end == self.rows { Ok(None) } else { corrupt("number of rows in the export") }
            }
            DumpLine::Row { table: name, row } => {
                self.rows += 1;
                let Some(table) = table(&name) else { return corrupt("table in the export") };
                if row.keys().any(|key| !table.columns.iter().any(|(name, _)| name == key)) {
                    return corrupt("column in the export");
                }
                let environment = row.get(table.environment).cloned();
                if *self.environment.get_or_insert(environment.clone().unwrap_or_default())
                    != environment.unwrap_or_default()
                {
                    return corrupt("row of another environment in the export");
                }
                self.usernames_to_key.extend(username_to_key(table, &row));
                Ok(Some((table, row)))
            }
        }
    }

    /// Users, and their names, whose keys an earlier version has written.
    pub(super) fn usernames_to_key(&self) -> &[(Uuid, String)] {
        &self.usernames_to_key
    }

    /// What there was, where nothing is missing.
    pub(super) fn finish(self) -> Result<Taken> {
        let environment = self.environment.as_ref().and_then(|id| id.as_str()?.parse().ok());
        let taken = Taken { environment, rows: self.rows };
        if self.ended { Ok(taken) } else { Err(StoreError::Corrupt("end of the export")) }
    }
}

/// What an import has taken.
#[derive(Clone, Copy, Debug)]
pub(super) struct Taken {
    /// Of which environment.
    pub(super) environment: Option<Uuid>,
    /// How many rows.
    pub(super) rows: u64,
}

impl Taken {
    /// The row of the audit log.
    pub(super) fn noted(self, note: &Note) -> Option<AuditRecord> {
        note.with(|row| {
            row.environment_id = row.environment_id.or(self.environment);
            row.detail = Some(format!("{} rows", self.rows));
        })
    }
}

fn username_to_key(table: &Table, row: &Map<String, Value>) -> Option<(Uuid, String)> {
    let text = |name| row.get(name).and_then(Value::as_str);
    let name = text("username").filter(|_| table.name == "users")?;
    let key = username::key(name);
    let user = text("id")?.parse().ok()?;
    (text("username_key") != Some(key.as_str())).then(|| (user, name.to_owned()))
}
