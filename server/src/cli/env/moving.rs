//! `env export` and `env import`: an environment from one database to another, with its keys, users and
//! sessions. A file of lines, so that no environment is too large.

use super::whole;
use crate::cli::output::remark;
use crate::cli::{CliError, Common, database, help, trail};
use crate::config::FileSettings;
use byoa_server::exchange::environments::Environments;
use byoa_server::store::{Conflicting, DumpLine, StoreError};
use clap::Args;
use std::fs::{File, OpenOptions};
use std::io::{BufRead, BufReader, BufWriter, ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tokio::sync::mpsc;
use uuid::Uuid;

/// How many rows are under way between the database and the file.
const UNDER_WAY: usize = 1_000;

/// Write an environment with its private keys, users and sessions, to move it to another database.
#[derive(Debug, Args)]
#[command(after_long_help = help::MOVING)]
pub(in crate::cli) struct ExportArgs {
    /// UUID of the environment.
    #[arg(long, value_name = "UUID")]
    id: Uuid,
    /// The file to make, for its owner only [default: standard output].
    #[arg(long, value_name = "FILE")]
    output: Option<PathBuf>,
}

/// Take an environment that `env export` has written into a database that does not have it.
#[derive(Debug, Args)]
#[command(after_long_help = help::MOVING)]
pub(in crate::cli) struct ImportArgs {
    /// The file, or - for standard input.
    #[arg(value_name = "FILE")]
    input: PathBuf,
}

/// Exports.
pub(super) async fn export(args: &ExportArgs, common: &Common, file: &FileSettings) -> Result<(), CliError> {
    let store = database::open_existing(common, file).await?;
    let nobody = || CliError::Failed(format!("there is no environment {}; see env list", args.id));
    // Before there is a file, which would be in the way of the next one.
    match store.environment(args.id).await {
        Err(StoreError::NotFound) => return Err(nobody()),
        environment => environment.map(drop)?,
    }
    let mut out: Box<dyn Write + Send> = match &args.output {
        Some(path) => Box::new(BufWriter::new(create_private(path)?)),
        None => Box::new(BufWriter::new(std::io::stdout())),
    };
    // Before anything leaves: whoever reads the log must know of it, however it ends.
    store.append_audit(&[trail::event("environment.exported", Some(args.id))]).await?;
    let (lines, mut found) = mpsc::channel(UNDER_WAY);
    let writing = tokio::task::spawn_blocking(move || {
        while let Some(line) = found.blocking_recv() {
            serde_json::to_writer(&mut out, &line)?;
            out.write_all(b"\n")?;
        }
        out.flush()
    });
    let exported = store.export(args.id, lines).await;
    let written =
        writing.await.map_err(|cause| CliError::Failed(format!("the export ended early: {cause}")))?;
    match exported {
        Err(StoreError::NotFound) => return Err(nobody()),
        exported => exported?,
    }
    written.map_err(|cause| CliError::Failed(format!("the export cannot be written: {cause}")))?;
    remark(
        "warning: the export holds the private keys of this environment; whoever reads it, and has the master key \
         where they are sealed, can make sessions. Keep it from others, and delete it when it is imported",
    );
    Ok(())
}

/// Imports.
pub(super) async fn import(args: &ImportArgs, common: &Common, file: &FileSettings) -> Result<(), CliError> {
    let path = args.input.clone();
    let input = tokio::task::spawn_blocking(move || whole::open(&path)).await;
    let input = input.map_err(|cause| CliError::Failed(format!("the import ended early: {cause}")))??;
    let seal = common.seal(file)?;
    let (_, store) = database::open(common, file).await?;
    let environments = Environments::new(Arc::clone(&store), database::clock(), false, None).with_seal(seal);
    let (sender, lines) = mpsc::channel(UNDER_WAY);
    let reading = tokio::task::spawn_blocking(move || read(BufReader::new(input), &sender, &environments));
    let imported = store.audited(trail::event("environment.imported", None)).import(lines).await;
    let read = reading.await.map_err(|cause| CliError::Failed(format!("the import ended early: {cause}")))?;
    // What is wrong with a line explains why the store missed the end.
    read.map_err(|problem| {
        CliError::Failed(format!("{} {problem}; nothing was imported", args.input.display()))
    })?;
    match imported {
        Err(StoreError::Conflict(Conflicting::Environment)) => Err(CliError::Failed(
            "this database has that environment already; nothing was imported".to_owned(),
        )),
        // Nothing of the database was read: what cannot be used came from the file.
        Err(StoreError::Corrupt(what)) => Err(CliError::Failed(format!(
            "{} is not what env export has written whole: the {what} cannot be used, or is missing; make it \
             again, or copy it again. Nothing was imported",
            args.input.display()
        ))),
        imported => {
            let rows = imported?;
            remark(format!("imported {rows} rows"));
            Ok(())
        }
    }
}

/// Sends every line. The store ends the import where nothing comes any
/// more.
fn read(
    input: impl BufRead,
    lines: &mpsc::Sender<DumpLine>,
    environments: &Environments,
) -> Result<(), String> {
    for (number, line) in (1..).zip(input.lines()) {
        let line = line.map_err(|cause| format!("cannot be read: {cause}"))?;
        // Not what the reader says, which would show what it read.
        let line: DumpLine = serde_json::from_str(&line)
            .map_err(|_| format!("is not what env export has written, at line {number}"))?;
        environments.check_import(&line).map_err(|refused| format!("is refused: {refused}"))?;
        if lines.blocking_send(line).is_err() {
            break;
        }
    }
    Ok(())
}

fn create_private(path: &Path) -> Result<File, CliError> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path).map_err(|cause| match cause.kind() {
        ErrorKind::AlreadyExists => CliError::Failed(format!(
            "{} is there already; choose another name with --output, or remove it",
            path.display()
        )),
        _ => unusable(path, &cause),
    })
}

fn unusable(path: &Path, cause: &std::io::Error) -> CliError {
    CliError::Failed(format!("{} cannot be opened: {cause}", path.display()))
}
