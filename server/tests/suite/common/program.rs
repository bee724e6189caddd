//! The program itself, as a child process.

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::sync::{Arc, Condvar, Mutex, mpsc};
use std::time::Duration;

/// How long a child may take for what takes it a moment.
const PATIENCE: Duration = Duration::from_mins(1);

/// A command line of `byoa-server`, without anything from this process's environment.
pub(crate) struct Program(Command);

impl Program {
    /// The program with `arguments`, in `folder`.
    pub(crate) fn new(folder: &Path, arguments: &[&str]) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_byoa-server"));
        command.args(arguments).current_dir(folder).env_clear();
        Self(command)
    }

    /// With this variable.
    pub(crate) fn env(mut self, name: &str, value: &str) -> Self {
        self.0.env(name, value);
        self
    }

    /// Runs to its end with `input` on standard input.
    pub(crate) fn finish(mut self, input: &str) -> Finished {
        let command = self.0.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("the program starts");
        // A program that does not read its input closes it.
        let _ = child.stdin.take().expect("piped").write_all(input.as_bytes());
        Finished::of(child.wait_with_output().expect("the program ends"))
    }

    /// Starts `serve` and waits for its line.
    pub(crate) fn serve(mut self) -> Server {
        let command = self.0.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("the program starts");
        let (sender, lines) = mpsc::channel();
        let stdout = child.stdout.take().expect("piped");
        std::thread::spawn(move || {
            for line in BufReader::new(stdout).lines().map_while(Result::ok) {
                // The test may be over.
                let _ = sender.send(line);
            }
        });
        let stderr = child.stderr.take().expect("piped");
        let log = Log::default();
        let reading = log.clone();
        let reader = std::thread::spawn(move || {
            for line in BufReader::new(stderr).lines().map_while(Result::ok) {
                reading.add(&line);
            }
        });
        let line = lines.recv_timeout(PATIENCE).unwrap_or_else(|_| {
            let _ = child.kill();
            String::new()
        });
        assert!(!line.is_empty(), "no line; the log says {}", log.text());
        let address = line.split_once("listening on ").and_then(|(_, rest)| rest.split(',').next());
        let url = address.unwrap_or_else(|| panic!("another line: {line}")).to_owned();
        Server { child, url, line, log, reader: Some(reader) }
    }
}

/// What a running program has logged until now.
#[derive(Clone, Default)]
struct Log(Arc<(Mutex<String>, Condvar)>);

impl Log {
    fn add(&self, line: &str) {
        let (text, grown) = &*self.0;
        let mut text = text.lock().expect("lock");
        text.push_str(line);
        text.push('\n');
        grown.notify_all();
    }

    fn text(&self) -> String {
        self.0.0.lock().expect("lock").clone()
    }

    /// Waits until `is_there` holds of what was logged; whether it came to that.
    fn wait(&self, is_there: impl Fn(&str) -> bool) -> bool {
        let (text, grown) = &*self.0;
        let text = text.lock().expect("lock");
        let waited = grown.wait_timeout_while(text, PATIENCE, |text| !is_there(text));
        !waited.expect("lock").1.timed_out()
    }
}

/// What a program that has ended said.
#[derive(Debug)]
pub(crate) struct Finished {
    pub(crate) code: Option<i32>,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Finished {
    fn of(output: Output) -> Self {
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("UTF-8");
        Self { code: output.status.code(), out: text(output.stdout), err: text(output.stderr) }
    }

    /// The output of a program that did what it was asked to.
    pub(crate) fn ok(self) -> String {
        assert_eq!(self.code, Some(0), "{self:?}");
        self.out
    }
}

/// Runs the program in `folder` with the database `byoa.db` there.
pub(crate) fn run(folder: &Path, arguments: &[&str]) -> Finished {
    Program::new(folder, arguments).env("BYOA_DATABASE_URL", "sqlite://byoa.db").finish("")
}

/// A server that listens. Killed when dropped.
pub(crate) struct Server {
    child: Child,
    /// Where it listens.
    pub(crate) url: String,
    /// The line that it printed.
    pub(crate) line: String,
    log: Log,
    reader: Option<std::thread::JoinHandle<()>>,
}

impl Server {
    /// Ends it as a crash would.
    pub(crate) fn kill(&mut self) {
        self.child.kill().expect("killed");
        self.child.wait().expect("ended");
    }

    /// Sends it a signal, by the name that `kill` knows.
    pub(crate) fn signal(&self, name: &str) {
        let id = self.child.id().to_string();
        let status = Command::new("kill").args([&format!("-{name}"), &id]).status().expect("kill runs");
        assert!(status.success());
    }

    /// Waits for its end: the exit code, and what it logged.
    pub(crate) fn wait(mut self) -> (Option<i32>, String) {
        let code = self.child.wait().expect("ended").code();
        self.reader.take().map(std::thread::JoinHandle::join);
        (code, self.log.text())
    }

    /// Waits until the log has a line with all of `words`; everything that it has by then.
    pub(crate) fn logged(&self, words: &[&str]) -> String {
        let has = |text: &str| text.lines().any(|line| words.iter().all(|word| line.contains(word)));
        assert!(self.log.wait(has), "no line with {words:?} in {}", self.log.text());
        self.log.text()
    }

    /// Its process.
    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A client for talking to a [`Server`]. Trusts no proxy of the machine's.
pub(crate) fn client() -> reqwest::Client {
    reqwest::Client::builder().no_proxy().build().expect("a client")
}
