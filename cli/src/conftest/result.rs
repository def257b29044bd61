//! What a run found, as conftest counts it (`output/result.go`).

use std::sync::Arc;

use ajj_engine::{Kind, Limits, Node, Tree, parse_json};

use super::json::Object;

/// What the rules of one namespace say about one file.
#[derive(Clone, Debug, Default)]
pub(crate) struct CheckResult {
    pub(crate) file: String,
    pub(crate) namespace: String,
    pub(crate) successes: usize,
    pub(crate) skipped: Vec<Finding>,
    pub(crate) warnings: Vec<Finding>,
    pub(crate) failures: Vec<Finding>,
    pub(crate) exceptions: Vec<Finding>,
    /// What was asked, for people who look for the cause; in no machine format.
    pub(crate) queries: Vec<Query>,
}

/// One thing that a rule says.
#[derive(Clone, Debug, Default)]
pub(crate) struct Finding {
    pub(crate) message: String,
    pub(crate) location: Option<Location>,
    /// A map of what the rule attached.
    pub(crate) metadata: Option<Arc<Tree>>,
    pub(crate) outputs: Vec<String>,
}

/// Where a rule says that it is; a line is what the rule gave, not counted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Location {
    pub(crate) file: String,
    pub(crate) line: String,
}

/// One question to the policies.
#[derive(Clone, Debug, Default)]
pub(crate) struct Query {
    pub(crate) text: String,
    /// Lines of `print`.
    pub(crate) prints: Vec<String>,
    pub(crate) traces: Vec<String>,
}

/// How many results there are of each kind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Totals {
    pub(crate) successes: usize,
    pub(crate) failures: usize,
    pub(crate) warnings: usize,
    pub(crate) exceptions: usize,
    pub(crate) skipped: usize,
}

impl CheckResult {
    pub(crate) fn totals(&self) -> Totals {
        Totals {
            successes: self.successes,
            failures: self.failures.len(),
            warnings: self.warnings.len(),
            exceptions: self.exceptions.len(),
            skipped: self.skipped.len(),
        }
    }

    /// The JSON of `conftest -o json`, with keys in conftest's order.
    pub(crate) fn to_json(&self) -> String {
        let mut object = Object::default();
        // Standard input has no name.
        object.text("filename", if self.file == "-" { "" } else { &self.file });
        object.text("namespace", &self.namespace);
        object.raw("successes", &self.successes.to_string());
        for (key, findings) in [
            ("skipped", &self.skipped),
            ("warnings", &self.warnings),
            ("failures", &self.failures),
            ("exceptions", &self.exceptions),
        ] {
            if !findings.is_empty() {
                let findings: Vec<_> = findings.iter().map(Finding::to_json).collect();
                object.raw(key, &format!("[{}]", findings.join(",")));
            }
        }
        object.finish()
    }

    /// Reads what [`CheckResult::to_json`] writes; keys that are not known are left out, as there.
    fn of_json(node: Node<'_>) -> Result<Self, String> {
        if node.as_map().is_none() {
            return Err("expected a map for each result".to_owned());
        }
        let successes = match node.get("successes").map(Node::kind) {
            None | Some(Kind::Null) => 0,
            Some(Kind::Int(count)) => {
                usize::try_from(count).map_err(|_| "`successes` is less than 0".to_owned())?
            }
            Some(_) => return Err("expected a whole number in `successes`".to_owned()),
        };
        Ok(Self {
            file: text_of(node, "filename")?,
            namespace: text_of(node, "namespace")?,
            successes,
            skipped: findings_of(node, "skipped")?,
            warnings: findings_of(node, "warnings")?,
            failures: findings_of(node, "failures")?,
            exceptions: findings_of(node, "exceptions")?,
            queries: Vec::new(),
        })
    }
}

/// Results that were saved as JSON.
pub(crate) fn results_of_json(text: &str) -> Result<Vec<CheckResult>, String> {
    let tree = parse_json(text, &Limits::default()).map_err(|error| error.to_string())?;
    let items = tree.root().as_list().ok_or("expected a list of results")?;
    items.iter().map(CheckResult::of_json).collect()
}

fn text_of(node: Node<'_>, key: &str) -> Result<String, String> {
    match node.get(key) {
        None => Ok(String::new()),
        Some(value) if value.is_null() => Ok(String::new()),
        Some(value) => {
            value.as_str().map(str::to_owned).ok_or_else(|| format!("expected a text in `{key}`"))
        }
    }
}

fn findings_of(node: Node<'_>, key: &str) -> Result<Vec<Finding>, String> {
    let Some(findings) = node.get(key).filter(|found| !found.is_null()) else {
        return Ok(Vec::new());
    };
    let findings = findings.as_list().ok_or_else(|| format!("expected a list in `{key}`"))?;
    findings.iter().map(Finding::of_json).collect()
}

impl Finding {
    fn to_json(&self) -> String {
        let mut object = Object::default();
        object.text("msg", &self.message);
        if let Some(location) = &self.location {
            let mut inner = Object::default();
            if !location.file.is_empty() {
                inner.text("file", &location.file);
            }
            if !location.line.is_empty() {
                inner.raw("line", &location.line);
            }
            object.raw("loc", &inner.finish());
        }
        if let Some(metadata) = self.metadata_entries() {
            object.raw("metadata", &metadata.root().to_json());
        }
        if !self.outputs.is_empty() {
            let outputs: Vec<_> =
                self.outputs.iter().map(|line| super::json::quoted(line)).collect();
            object.raw("outputs", &format!("[{}]", outputs.join(",")));
        }
        object.finish()
    }

    /// The metadata, where it has any entry.
    pub(crate) fn metadata_entries(&self) -> Option<&Tree> {
        let metadata = self.metadata.as_deref()?;
        metadata.root().as_map().filter(|entries| !entries.is_empty()).map(|_| metadata)
    }

    fn of_json(node: Node<'_>) -> Result<Self, String> {
        let location = node.get("loc").filter(|location| !location.is_null());
        let location = location
            .map(|location| {
                let line = match location.get("line").map(Node::kind) {
                    None | Some(Kind::Null) => String::new(),
                    Some(Kind::Int(line)) => line.to_string(),
                    Some(Kind::String(line)) if line.parse::<f64>().is_ok() => line.to_owned(),
                    Some(_) => return Err("expected a number in `line`".to_owned()),
                };
                Ok(Location { file: text_of(location, "file")?, line })
            })
            .transpose()?;
        let outputs = match node.get("outputs").and_then(Node::as_list) {
            None => Vec::new(),
            Some(lines) => {
                lines.iter().filter_map(|line| line.as_str().map(str::to_owned)).collect()
            }
        };
        let metadata = node.get("metadata").filter(|metadata| metadata.as_map().is_some());
        Ok(Self {
            message: text_of(node, "msg")?,
            location,
            metadata: metadata.map(|metadata| Arc::new(metadata.to_tree())),
            outputs,
        })
    }
}

impl Totals {
    pub(crate) fn of(results: &[CheckResult]) -> Self {
        results.iter().map(CheckResult::totals).fold(Self::default(), |all, one| Self {
            successes: all.successes + one.successes,
            failures: all.failures + one.failures,
            warnings: all.warnings + one.warnings,
            exceptions: all.exceptions + one.exceptions,
            skipped: all.skipped + one.skipped,
        })
    }

    pub(crate) fn tests(self) -> usize {
        self.successes + self.failures + self.warnings + self.exceptions + self.skipped
    }

    /// 1 with a failure; with `fail_on_warn` 2 with a failure and 1 with a warning.
    pub(crate) fn exit_code(self, fail_on_warn: bool) -> u8 {
        match (self.failures > 0, self.warnings > 0, fail_on_warn) {
            (true, _, true) => 2,
            (true, _, false) | (false, true, true) => 1,
            _ => 0,
        }
    }
}

/// The summary. What was skipped is counted and not listed, as in conftest.
impl std::fmt::Display for Totals {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let counted = |count: usize, word: &str| {
            format!("{count} {word}{}", if count == 1 { "" } else { "s" })
        };
        write!(
            formatter,
            "{}, {} passed, {}, {}, {}",
            counted(self.tests(), "test"),
            self.successes,
            counted(self.warnings, "warning"),
            counted(self.failures, "failure"),
            counted(self.exceptions, "exception"),
        )
    }
}

impl std::fmt::Display for Location {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "{} L{}", self.file, self.line)
    }
}

#[cfg(test)]
mod tests {
    use super::{Totals, results_of_json};

    #[test]
    fn exit_codes() {
        let totals = |failures, warnings| Totals { failures, warnings, ..Totals::default() };
        for (failures, warnings, fail_on_warn, expected) in [
            (0, 0, false, 0),
            (0, 1, false, 0),
            (1, 1, false, 1),
            (0, 0, true, 0),
            (0, 1, true, 1),
            (1, 0, true, 2),
        ] {
            assert_eq!(totals(failures, warnings).exit_code(fail_on_warn), expected);
        }
    }

    #[test]
    fn saved_results_are_checked() {
        for (text, expected) in [
            ("{}", "expected a list of results"),
            ("[1]", "expected a map for each result"),
            (r#"[{"successes": "x"}]"#, "expected a whole number in `successes`"),
            (r#"[{"failures": {}}]"#, "expected a list in `failures`"),
            (r#"[{"failures": [{"msg": 1}]}]"#, "expected a text in `msg`"),
        ] {
            assert_eq!(results_of_json(text).unwrap_err(), expected);
        }
    }
}
