//! The catalogue of attacks, line by line: for each id, what shows that it is answered as it must be.
//!
//! `tests/data/attack_coverage.tsv` says so: id, how, where. `corpus` is the line of that id in the corpus of
//! `crates/jwt`; `test` is a test, by file and name; `decided` is a decision in `docs/SECURITY.md`;
//! `not-built` is something that this server does not have, and `not-applicable` something it cannot have.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the workspace").to_owned()
}

fn read(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap_or_else(|problem| panic!("{path}: {problem}"))
}

/// The ids of the catalogue with their levels.
fn catalogue() -> BTreeMap<String, String> {
    let entries: serde_json::Value =
        serde_json::from_str(&read("server/tests/data/attack_catalogue.json")).expect("JSON");
    let text = |entry: &serde_json::Value, name: &str| entry[name].as_str().expect("a text").to_owned();
    entries
        .as_array()
        .expect("a list")
        .iter()
        .map(|entry| (text(entry, "id"), text(entry, "level")))
        .collect()
}

fn corpus() -> BTreeSet<String> {
    let id = |line: &str| {
        let line: serde_json::Value = serde_json::from_str(line).expect("JSON");
        line["id"].as_str().expect("an id").to_owned()
    };
    read("crates/jwt/tests/data/corpus_open.jsonl").lines().map(id).collect()
}

/// Whether the file has a test of that name: a function in Rust, a title in TypeScript.
fn has_test(place: &str) -> bool {
    let (path, name) = place.split_once(' ').unwrap_or_else(|| panic!("{place}: a file and a name"));
    let text = read(path);
    let titles = [format!("('{name}'"), format!("(\"{name}\"")];
    if Path::new(path).extension().is_some_and(|extension| extension == "rs") {
        text.contains(&format!("fn {name}("))
    } else {
        titles.iter().any(|title| text.contains(title))
    }
}

#[test]
fn every_attack_is_accounted_for_once() {
    let (catalogue, corpus) = (catalogue(), corpus());
    assert_eq!(catalogue.len(), 340);
    let coverage = read("server/tests/data/attack_coverage.tsv");
    let security = read("docs/SECURITY.md");
    let mut seen = BTreeSet::new();
    let mut counts = BTreeMap::new();
    let mut faults = Vec::new();
    for line in coverage.lines().filter(|line| !line.starts_with('#')) {
        let [id, how, place] = line.split('\t').collect::<Vec<_>>()[..] else { panic!("{line}") };
        let level = catalogue.get(id).map_or("", String::as_str);
        let holds = match how {
            "corpus" => corpus.contains(id) && place.is_empty(),
            "test" => has_test(place),
            // What must be refused cannot be argued away.
            "decided" => level != "must" && place.len() > 20 && security.contains(id),
            "not-built" | "not-applicable" => place.len() > 20,
            _ => false,
        };
        if !seen.insert(id) || level.is_empty() || !holds {
            faults.push(line);
        }
        *counts.entry(how).or_insert(0) += 1;
    }
    let missing: Vec<_> = catalogue.keys().filter(|id| !seen.contains(id.as_str())).collect();
    assert!(faults.is_empty() && missing.is_empty(), "{counts:?}, wrong: {faults:#?}, missing: {missing:?}");
}
