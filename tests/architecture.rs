//! The arrows of docs/ARCHITECTURE.md, read from `cargo metadata`. The rules are functions of a graph, so
//! that each is shown to fail.

#![cfg(not(target_arch = "wasm32"))]

use cargo_metadata::{DependencyKind, Metadata, MetadataCommand};
use std::{collections::BTreeMap, fs, path::Path, process::Command};

const ROOT: &str = "byoa";
const CLIENT: &str = "byoa-client";
const SERVER: &str = "byoa-server";
const LEAVES: [&str; 2] = ["byoa-jwt", "byoa-protocol"];
const JSON: &str = "byoa-json";

/// What only a browser has. A name may end in `*`.
const BROWSER: [&str; 6] = ["wasm-bindgen*", "web-sys", "js-sys", "gloo*", "serde-wasm-bindgen", "tsify*"];

/// What only the server may use; the benchmarks put load on one and so may use the runtime.
const SERVER_ONLY: [&str; 5] = ["tokio", "axum", "reqwest", "rusqlite", "sqlx"];
const BENCHES: [&str; 1] = ["byoa-bench-load"];

const WASM32: &str = r#"cfg(target_arch = "wasm32")"#;

/// The packages that the project was asked to be made of: by whom each is used, and its name in code.
const NAMED: [(&str, &str, &str); 7] = [
    ("wasm-bindgen", ROOT, "wasm_bindgen::"),
    ("web-sys", ROOT, "web_sys::"),
    ("js-sys", ROOT, "js_sys::"),
    ("serde-wasm-bindgen", ROOT, "serde_wasm_bindgen::"),
    ("gloo-net", ROOT, "gloo_net::"),
    ("wasm-bindgen-futures", ROOT, "wasm_bindgen_futures::"),
    ("jwt-compact", "byoa-jwt", "jwt_compact::"),
];

/// The packages by which a named one reaches the browser.
const PATH_TO_JWT: [(&str, &str); 2] = [(ROOT, CLIENT), (CLIENT, "byoa-jwt")];

#[derive(Clone, Debug)]
struct Arrow {
    from: String,
    to: String,
    kind: DependencyKind,
    target: Option<String>,
}

/// Direct dependencies of our own packages, as declared.
type Graph = Vec<Arrow>;

fn matches(pattern: &str, name: &str) -> bool {
    pattern.strip_suffix('*').map_or(pattern == name, |prefix| name.starts_with(prefix))
}

fn is_one_of(patterns: &[&str], name: &str) -> bool {
    patterns.iter().any(|pattern| matches(pattern, name))
}

/// What is wrong with one arrow.
fn fault(arrow: &Arrow) -> Option<&'static str> {
    let (from, to) = (arrow.from.as_str(), arrow.to.as_str());
    let is_dev = arrow.kind == DependencyKind::Development;
    if to == ROOT {
        return Some("nothing depends on the edge");
    }
    if from == CLIENT && to == SERVER {
        return Some("the client knows no server");
    }
    if from == SERVER && to == CLIENT && !is_dev {
        return Some("the server knows the client in its tests only");
    }
    if from == JSON && !is_dev {
        return Some("json depends on nothing");
    }
    if LEAVES.contains(&from) && to.starts_with("byoa") && to != JSON {
        return Some("jwt and protocol depend on nothing of ours but json");
    }
    if is_one_of(&BROWSER, to) && !(from == ROOT && arrow.target.as_deref() == Some(WASM32)) {
        return Some("only the edge knows the browser, and only on wasm32");
    }
    if is_one_of(&SERVER_ONLY, to) && from != SERVER && !(BENCHES.contains(&from) && to == "tokio") {
        return Some("only the server has a runtime, sockets and a database");
    }
    None
}

fn faults(graph: &Graph) -> Vec<String> {
    let all =
        graph.iter().filter_map(|arrow| Some(format!("{} -> {}: {}", arrow.from, arrow.to, fault(arrow)?)));
    all.collect()
}

/// Which of the packages of a native build belong to a browser.
fn browser_packages<'a>(native: impl Iterator<Item = &'a str>) -> Vec<&'a str> {
    native.filter(|name| is_one_of(&BROWSER, name)).collect()
}

/// Which of the named packages are not used as claimed. `sources` holds each package's code.
fn unused(graph: &Graph, sources: &BTreeMap<String, String>) -> Vec<String> {
    let has = |from: &str, to: &str| {
        graph.iter().any(|arrow| arrow.from == from && arrow.to == to && arrow.kind == DependencyKind::Normal)
    };
    let named = NAMED.iter().filter(|(package, user, code)| {
        !has(user, package) || !sources.get(*user).is_some_and(|source| source.contains(code))
    });
    let path = PATH_TO_JWT.iter().filter(|(from, to)| !has(from, to));
    named
        .map(|(package, user, _)| format!("{user} does not use {package}"))
        .chain(path.map(|(from, to)| format!("{from} does not use {to}")))
        .collect()
}

fn metadata(filter: Option<&str>) -> Metadata {
    let mut command = MetadataCommand::new();
    command.manifest_path(concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml"));
    if let Some(target) = filter {
        command.other_options(["--filter-platform".to_owned(), target.to_owned()]);
    }
    command.exec().expect("cargo metadata")
}

fn graph() -> Graph {
    let metadata = metadata(None);
    let arrows = metadata.workspace_packages().into_iter().flat_map(|package| {
        package.dependencies.iter().map(|dependency| Arrow {
            from: package.name.to_string(),
            to: dependency.name.clone(),
            kind: dependency.kind,
            target: dependency.target.as_ref().map(ToString::to_string),
        })
    });
    arrows.collect()
}

/// The triple that this test was compiled for, near enough: the compiler's own.
fn host() -> String {
    let output = Command::new("rustc").arg("-vV").output().expect("rustc");
    let text = String::from_utf8(output.stdout).expect("text");
    text.lines().find_map(|line| line.strip_prefix("host: ")).expect("a host").to_owned()
}

fn code_below(folder: &Path) -> String {
    let mut code = String::new();
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            code.push_str(&code_below(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            code.push_str(&fs::read_to_string(&path).expect("text"));
        }
    }
    code
}

#[test]
fn every_arrow_points_the_right_way() {
    assert_eq!(faults(&graph()), Vec::<String>::new());
}

#[test]
fn a_native_build_has_nothing_of_the_browser() {
    let metadata = metadata(Some(&host()));
    let resolve = metadata.resolve.as_ref().expect("resolved");
    let names: Vec<_> = resolve.nodes.iter().map(|node| metadata[&node.id].name.to_string()).collect();
    assert!(names.iter().any(|name| name == SERVER), "the graph is empty");
    assert_eq!(browser_packages(names.iter().map(String::as_str)), Vec::<&str>::new());
}

#[test]
fn the_named_packages_are_used_where_claimed() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let sources = BTreeMap::from([
        (ROOT.to_owned(), code_below(&root.join("src"))),
        ("byoa-jwt".to_owned(), code_below(&root.join("crates/jwt/src"))),
    ]);
    assert_eq!(unused(&graph(), &sources), Vec::<String>::new());
}

fn arrow(from: &str, to: &str) -> Arrow {
    Arrow { from: from.to_owned(), to: to.to_owned(), kind: DependencyKind::Normal, target: None }
}

fn dev(arrow: Arrow) -> Arrow {
    Arrow { kind: DependencyKind::Development, ..arrow }
}

fn on(target: &str, arrow: Arrow) -> Arrow {
    Arrow { target: Some(target.to_owned()), ..arrow }
}

#[test]
fn each_rule_can_fail() {
    let wrong = [
        arrow(SERVER, ROOT),
        dev(arrow(CLIENT, ROOT)),
        arrow(CLIENT, SERVER),
        dev(arrow(CLIENT, SERVER)),
        arrow(SERVER, CLIENT),
        arrow("byoa-jwt", "byoa-protocol"),
        dev(arrow("byoa-protocol", "byoa-jwt")),
        arrow(ROOT, "web-sys"),
        on("cfg(unix)", arrow(ROOT, "js-sys")),
        on(WASM32, arrow(CLIENT, "gloo-timers")),
        on(WASM32, arrow(SERVER, "wasm-bindgen-futures")),
        arrow(CLIENT, "tokio"),
        dev(arrow("byoa-jwt", "reqwest")),
        arrow("byoa-json", "serde_json"),
        arrow("byoa-json", "byoa-protocol"),
        arrow(ROOT, "axum"),
        arrow("byoa-bench-load", "sqlx"),
    ];
    for wrong in wrong {
        assert_eq!(faults(&vec![wrong.clone()]).len(), 1, "{wrong:?}");
    }
}

#[test]
fn each_rule_can_hold() {
    let right = vec![
        on(WASM32, arrow(ROOT, "wasm-bindgen")),
        on(WASM32, dev(arrow(ROOT, "wasm-bindgen-test"))),
        on(WASM32, arrow(ROOT, CLIENT)),
        arrow(CLIENT, "byoa-jwt"),
        arrow(CLIENT, "byoa-protocol"),
        arrow("byoa-jwt", "byoa-json"),
        arrow("byoa-protocol", "byoa-json"),
        dev(arrow("byoa-json", "serde_json")),
        dev(arrow(SERVER, CLIENT)),
        arrow(SERVER, "tokio"),
        arrow("byoa-bench-load", "tokio"),
    ];
    assert_eq!(faults(&right), Vec::<String>::new());
}

#[test]
fn the_other_gates_can_fail() {
    assert_eq!(browser_packages(["serde", "js-sys", "gloo-net"].into_iter()), ["js-sys", "gloo-net"]);
    let sources = BTreeMap::from([(ROOT.to_owned(), "use wasm_bindgen::JsValue;".to_owned())]);
    let declared: Graph = NAMED.iter().map(|(package, user, _)| arrow(user, package)).collect();
    let missing = unused(&declared, &sources);
    assert!(!missing.contains(&"byoa does not use wasm-bindgen".to_owned()));
    assert!(missing.contains(&"byoa does not use web-sys".to_owned()), "declared, but not in the code");
    assert!(missing.contains(&"byoa-client does not use byoa-jwt".to_owned()));
    assert_eq!(unused(&vec![], &sources).len(), NAMED.len() + PATH_TO_JWT.len());
}
