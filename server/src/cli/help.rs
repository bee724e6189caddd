//! The longer texts of `--help`.

/// What the program is and where settings come from.
pub(super) const ABOUT: &str = "\
The exchange: takes a JWT from an issuer you trust and hands out a session.

Each setting is taken from its flag, else from its BYOA_… variable, else from the TOML file that \
--config or BYOA_CONFIG names, else from its default. Every command may be used while a server runs on \
the same database; the server sees changes at once.";

/// Copy and paste.
pub(super) const EXAMPLES: &str = "\
Examples:
  Trust an issuer, then serve:
    byoa-server env create --database-url sqlite://byoa.db \\
      --issuer https://login.example.com \\
      --jwks-url https://login.example.com/.well-known/jwks.json \\
      --audience my-app --allowed-origin https://app.example.com
    byoa-server serve --database-url sqlite://byoa.db --listen 127.0.0.1:3333 \\
      --public-url https://auth.example.com

  Say once where the database is:
    export BYOA_DATABASE_URL=sqlite:///var/lib/byoa/byoa.db
    byoa-server env list

  The same in a file (byoa-server --config byoa.toml serve):
    database-url = \"sqlite:///var/lib/byoa/byoa.db\"
    listen = \"127.0.0.1:3333\"
    public-url = \"https://auth.example.com\"
    log-format = \"json\"

  Ask why a JWT is refused; it goes in over standard input, not the command line:
    pbpaste | byoa-server check-jwt --id 0198b0a5-… -

Exit codes: 0 done; 1 refused or failed; 2 the command line or the configuration must change.";

/// `serve --help`.
pub(super) const SERVE: &str = "\
With --master-key-file the secrets in the database are sealed under a key that the database does not \
have. Where they are sealed under another one, or none is given, the server does not start.

The public URL is where browsers reach the server: its host names the issuer of session tokens. On a \
loopback address it is guessed; anywhere else it must be given. Put a proxy that ends TLS in front.

SIGINT or SIGTERM: nothing more is accepted, and answers in the making are finished for 10 s. A second \
signal ends the server at once.

SIGHUP: the configuration file is read again. Quotas, trusted proxies, --max-connections-per-address, \
--audit-retention, --refresh-grace and --log change at once, all or nothing; the log names what needs a restart.

Example:
  byoa-server serve --database-url sqlite://byoa.db --public-url https://auth.example.com";

/// `env set --help`.
pub(super) const ENV_SET: &str = "\
What is not named stays as it is:
  --allowed-origin A --allowed-origin B   replaces the whole list
  --allowed-origin ''                     empties it
  --audience '' --cookie-name ''          unset
  --assume-email-verified=false           turns it off
  --session-alg RS256                     makes a new signing key, if it is another algorithm

Example:
  byoa-server env set --id 0198b0a5-… --allowed-origin https://app.example.com";

/// `env issuer add --help` and `env issuer set --help`.
pub(super) const ENV_ISSUER: &str = "\
The `iss` of a JWT, which nobody has verified yet, only chooses whose keys and rules it is held against; \
one that is not listed is refused, and no key is fetched for it. Issuers share no keys, whatever their \
names: two that publish another key under one kid are never mixed up.

Example:
  byoa-server env issuer add --id 0198b0a5-… --issuer https://login.example.com \\
    --jwks-url https://login.example.com/.well-known/jwks.json \\
    --audience my-app --audience my-other-app --algorithm RS256 --max-lifetime 3600";

/// `check-jwt --help`.
pub(super) const CHECK_JWT: &str = "\
Prints what each rule says: ✓ it held, ✗ it did not, · not reached. Nobody is signed in.

Use - and standard input: an argument stays in the shell's history and is visible in the list of \
processes. A JWT that is still good opens a session for whoever has it.

Example:
  byoa-server check-jwt --id 0198b0a5-… - < token.txt";

/// `env export --help` and `env import --help`.
pub(super) const MOVING: &str = "\
Stop the servers first: what happens after the export stays behind. Sessions go on and tokens stay valid \
where the public URL stays the same. An import takes everything or nothing. Private keys are written as they \
are kept: where they are sealed, the import needs the same master key.

Example:
  byoa-server env export --database-url sqlite://byoa.db --id 0198b0a5-… --output env.jsonl
  byoa-server env import --database-url postgres://byoa@db.internal/byoa?sslmode=verify-full env.jsonl
  rm env.jsonl";

/// `webhook create --help`.
pub(super) const WEBHOOK: &str = "\
Each message is a POST of JSON with the header x-dynamic-signature-256: sha256= and the HMAC-SHA256 of the \
body under the secret, in hex. Any status of 200 to 299 within 10 s means that it has arrived; otherwise it \
is sent again after 15 s, 1 min, 10 min, 1 h and 1 day. It may arrive twice, and in another order than \
things happened.

Example:
  byoa-server webhook create --id 0198b0a5-… --url https://app.example.com/hooks \\
    --event user.session.created,user.session.revoked";

/// Heading of what every command takes.
pub(super) const EVERYWHERE: &str = "Options of every command";
/// Heading of what the server and the commands that fetch keys share.
pub(super) const SERVER: &str = "The server";
/// Heading of what protects the server.
pub(super) const OPERATIONS: &str = "Protection and monitoring";
