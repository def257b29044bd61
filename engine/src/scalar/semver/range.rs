//! Ranges of versions such as `>=1.2.0 <2.0.0 || 3.x`.

use std::cmp::Ordering;

use super::Version;

/// A set of versions: one of several groups of bounds.
#[derive(Clone, Debug)]
pub struct Range(Vec<Vec<Bound>>);

#[derive(Clone, Debug)]
struct Bound {
    comparison: Comparison,
    version: Version,
}

#[derive(Clone, Copy, Debug)]
enum Comparison {
    Equal,
    NotEqual,
    Greater,
    GreaterOrEqual,
    Less,
    LessOrEqual,
}

impl Range {
    /// Reads a range; upstream: `ParseRange` in blang/semver `range.go`, with its quirks.
    ///
    /// A space means and, `||` means or. Parts of one character are dropped, so `! 1.0.0` is
    /// `1.0.0`. There are neither brackets nor hyphens, carets or tildes. An empty group, on which
    /// upstream crashes when it is asked, is an error.
    pub fn parse(text: &str) -> Option<Self> {
        let parts = split(text);
        let groups = parts.split(|part| part == "||").map(|group| {
            let mut bounds = Vec::new();
            for part in group {
                read_part(part, &mut bounds)?;
            }
            (!bounds.is_empty()).then_some(bounds)
        });
        groups.collect::<Option<_>>().map(Self)
    }

    /// Tells whether `version` is in the range.
    pub fn contains(&self, version: &Version) -> bool {
        self.0.iter().any(|bounds| bounds.iter().all(|bound| bound.holds(version)))
    }
}

impl Bound {
    fn new(operator: &str, version: &str) -> Option<Self> {
        let comparison = match operator {
            "" | "=" | "==" => Comparison::Equal,
            "!" | "!=" => Comparison::NotEqual,
            ">" => Comparison::Greater,
            ">=" => Comparison::GreaterOrEqual,
            "<" => Comparison::Less,
            "<=" => Comparison::LessOrEqual,
            _ => return None,
        };
        Some(Self { comparison, version: Version::parse(version)? })
    }

    fn holds(&self, version: &Version) -> bool {
        let order = version.compare(&self.version);
        match self.comparison {
            Comparison::Equal => order == Ordering::Equal,
            Comparison::NotEqual => order != Ordering::Equal,
            Comparison::Greater => order == Ordering::Greater,
            Comparison::GreaterOrEqual => order != Ordering::Less,
            Comparison::Less => order == Ordering::Less,
            Comparison::LessOrEqual => order != Ordering::Greater,
        }
    }
}

/// Splits at spaces that do not follow a comparison.
fn split(text: &str) -> Vec<String> {
    let mut parts = Vec::new();
    let mut part = String::new();
    let mut last = None;
    for character in text.chars() {
        if character != ' ' {
            last = Some(character);
            part.push(character);
        } else if !matches!(last, Some('>' | '<' | '=')) {
            parts.push(std::mem::take(&mut part));
        }
    }
    parts.push(part);
    parts.retain(|part| part.len() > 1);
    parts
}

fn read_part(part: &str, bounds: &mut Vec<Bound>) -> Option<()> {
    let (operator, version) = part.split_at_checked(part.find(|c: char| c.is_ascii_digit())?)?;
    if !part.contains(".x") {
        bounds.push(Bound::new(operator, version)?);
        return Some(());
    }
    let start = version.replacen(".x.x", ".x", 1).replacen(".x", ".0", 1);
    let start = if start.split('.').count() == 2 { format!("{start}.0") } else { start };
    match operator {
        ">=" | "<" => bounds.push(Bound::new(operator, &start)?),
        ">" => bounds.push(Bound::new(">=", &end(version, &start)?)?),
        "<=" => bounds.push(Bound::new("<", &end(version, &start)?)?),
        "" | "=" | "==" => {
            bounds.push(Bound::new(">=", &start)?);
            bounds.push(Bound::new("<", &end(version, &start)?)?);
        }
        "!" | "!=" => {
            // Both must hold, which is never so, as upstream.
            bounds.push(Bound::new("<", &start)?);
            bounds.push(Bound::new(">=", &end(version, &start)?)?);
        }
        // An unknown operator before an x is dropped, as upstream.
        _ => bounds.push(Bound::new("", &start)?),
    }
    Some(())
}

/// The first version behind those that `version` with its x stands for.
///
/// `1.x.x` counts as `1.0.x`, as upstream.
fn end(version: &str, start: &str) -> Option<String> {
    let mut numbers: Vec<_> = start.split('.').map(str::to_owned).collect();
    if version.rsplit('.').next() != Some("x") {
        return None;
    }
    let place = match version.split('.').count() {
        2 => 0,
        3 => 1,
        _ => return None,
    };
    let number = numbers.get_mut(place)?;
    *number = number.parse::<i64>().ok()?.checked_add(1)?.to_string();
    Some(numbers.join("."))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_hold_as_upstream() {
        for (range, version, expected) in [
            (">=1.0.0", "1.0.0", Some(true)),
            (">=1.0.0", "1.0.0-rc.1", Some(false)),
            (">1.0.0 <2.0.0", "1.5.0", Some(true)),
            (">1.0.0 <2.0.0", "2.0.0", Some(false)),
            ("> 1.0.0  < 2.0.0", "1.5.0", Some(true)),
            ("<1.0.0 || >=2.0.0", "2.0.0", Some(true)),
            ("<1.0.0 || >=2.0.0", "1.5.0", Some(false)),
            ("<1.0.0||>=2.0.0", "2.0.0", None),
            ("1.x", "1.9.9", Some(true)),
            ("1.x", "2.0.0", Some(false)),
            ("1.2.x", "1.2.9", Some(true)),
            ("1.2.x", "1.3.0", Some(false)),
            ("1.x.x", "1.0.5", Some(true)),
            ("1.x.x", "1.1.0", Some(false)),
            (">1.x", "2.0.0", Some(true)),
            ("<=1.2.x", "1.2.7", Some(true)),
            ("!=1.x", "3.0.0", Some(false)),
            ("~1.2.x", "1.2.0", Some(true)),
            ("~1.2.0", "1.2.0", None),
            ("!1.0.0", "1.0.0", Some(false)),
            ("! 1.0.0", "1.0.0", Some(true)),
            ("1.0.0 - 2.0.0", "1.0.0", Some(false)),
            ("1.x.3", "1.0.3", None),
            (">=1.x.3", "1.0.3", Some(true)),
            ("x", "1.0.0", None),
            ("", "1.0.0", None),
            ("|| 1.0.0", "1.0.0", None),
            ("1.0.0 ||", "1.0.0", None),
            ("1.0.0 || || 2.0.0", "1.0.0", None),
        ] {
            let range_read = Range::parse(range);
            let version = Version::parse(version)
                .map(|version| range_read.as_ref().map(|range_read| range_read.contains(&version)));
            assert_eq!(version, Some(expected), "`{range}`");
        }
    }
}
