//! What `serve` says to whoever has no environment yet: the command that makes one in this very database.

use super::{Common, database};

/// The warning with the command. What the server was given as a variable, the shell has as well, perhaps; it is
/// said again all the same, except for a password.
pub(super) fn hint(common: &Common, database_url: &str) -> String {
    let mut command = "byoa-server env create".to_owned();
    let mut add = |flag: &str, value: &str| command.extend([" ", flag, " ", &quoted(value)]);
    if let Some(path) = &common.config {
        add("--config", &path.display().to_string());
    }
    let is_in_the_file = common.config.is_some() && common.database_url.is_none();
    let has_password = database::shown(database_url) != database_url;
    if !is_in_the_file && !has_password {
        add("--database-url", database_url);
    }
    if let Some(path) = &common.master_key_file {
        add("--master-key-file", &path.display().to_string());
    }
    let before = if has_password && !is_in_the_file {
        ", with BYOA_DATABASE_URL set to this server's database"
    } else {
        ""
    };
    format!(
        "warning: there is no environment yet, so nobody can sign in; make one while this runs{before}:\n  \
         {command} --issuer https://issuer.example --jwks-url https://issuer.example/jwks.json \
         --allowed-origin https://app.example"
    )
}

/// As a shell takes it for one word.
fn quoted(value: &str) -> String {
    let is_plain = |letter: char| letter.is_ascii_alphanumeric() || "/:._-@%+=,".contains(letter);
    if value.chars().all(is_plain) { value.to_owned() } else { format!("'{}'", value.replace('\'', r"'\''")) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::Cli;
    use clap::Parser as _;

    fn hint_of(arguments: &[&str], database_url: &str) -> String {
        let all = ["byoa-server", "serve"].iter().chain(arguments);
        hint(&Cli::try_parse_from(all).expect("arguments").common, database_url)
    }

    #[test]
    fn the_command_is_for_the_database_and_the_master_key_of_the_server() {
        let arguments = ["--database-url", "sqlite://a b.db", "--master-key-file", "/etc/master.key"];
        let said = hint_of(&arguments, "sqlite://a b.db");
        let command =
            "env create --database-url 'sqlite://a b.db' --master-key-file /etc/master.key --issuer https://";
        assert!(said.contains(command), "{said}");
        let said = hint_of(&["--config", "byoa.toml"], "sqlite://byoa.db");
        assert!(said.contains("env create --config byoa.toml --issuer"), "{said}");
    }

    #[test]
    fn a_password_is_not_repeated() {
        let url = "postgres://byoa:hunter2@db.example/byoa";
        let said = hint_of(&["--database-url", url], url);
        assert!(!said.contains("hunter2") && said.contains("BYOA_DATABASE_URL"), "{said}");
    }
}
