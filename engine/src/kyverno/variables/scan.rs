//! Finds `{{ … }}` in a text as upstream's regular expression does, inside out.

use super::{Query, Segment, Variable};

/// Stand around the number of a variable that was taken out of the text around it.
const OPEN: char = '\u{10fff0}';
const CLOSE: char = '\u{10fff1}';
/// Variables may stand in each other, but not forever.
const DEEPEST: usize = 32;

/// The variables of a text that were taken out of it.
struct Taken {
    /// The opening mark and what makes it different from every text of the policy.
    mark: String,
    /// Each with the number of levels below it.
    variables: Vec<Option<(Variable, usize)>>,
}

/// The literal and variable parts of a text; escapes `\{{ … }}` are literals without the backslash.
pub(super) fn segments(text: &str) -> Vec<Segment> {
    if !text.contains("{{") {
        return if text.is_empty() { Vec::new() } else { vec![Segment::Literal(text.into())] };
    }
    if let Some(variable) = single(text) {
        return vec![Segment::Variable(variable)];
    }
    let mark = (0..).map(|number| format!("{OPEN}{number}:")).find(|mark| !text.contains(mark));
    let mut taken = Taken { mark: mark.unwrap_or_default(), variables: Vec::new() };
    let mut rest = text.to_owned();
    // Each round takes out the first variable that holds no other variable.
    while let Some((start, end)) = find(&rest) {
        let inner = rest.get(start + 2..end - 2).unwrap_or_default().to_owned();
        let variable = taken.parse(&inner);
        let mark = format!("{}{}{CLOSE}", taken.mark, taken.variables.len());
        taken.variables.push(Some(variable));
        rest.replace_range(start..end, &mark);
    }
    taken.split(&unescape(&rest)).0
}

/// The variable that is the whole of a text and holds no other, as most are.
fn single(text: &str) -> Option<Variable> {
    let inner = text.strip_prefix("{{")?.strip_suffix("}}")?;
    let is_plain = !inner.bytes().any(|byte| matches!(byte, b'{' | b'}'));
    is_plain.then(|| Variable::parse(trim(inner)))
}

/// A variable's expression without what upstream takes from around it.
fn trim(text: &str) -> &str {
    let text = text.trim();
    text.strip_prefix('-').map_or(text, str::trim)
}

/// The first match of `(^|[^\\])\{\{(?:\{[^{}]*\}|[^{}])*\}\}`, without the character before it
/// (pkg/engine/variables/regex/vars.go).
fn find(text: &str) -> Option<(usize, usize)> {
    let bytes = text.as_bytes();
    let mut from = 0;
    while let Some(offset) = text.get(from..)?.find("{{") {
        let start = from + offset;
        let escaped = start > 0 && bytes.get(start - 1) == Some(&b'\\');
        if !escaped && let Some(end) = matching_end(bytes, start + 2) {
            return Some((start, end));
        }
        from = start + 1;
    }
    None
}

fn matching_end(bytes: &[u8], mut position: usize) -> Option<usize> {
    loop {
        match bytes.get(position)? {
            b'}' => {
                return (bytes.get(position + 1) == Some(&b'}')).then_some(position + 2);
            }
            b'{' => {
                let inner = bytes.get(position + 1..)?;
                let next = inner.iter().position(|byte| matches!(byte, b'{' | b'}'))?;
                if inner.get(next) != Some(&b'}') {
                    return None;
                }
                position += next + 2;
            }
            _ => position += 1,
        }
    }
}

impl Taken {
    fn parse(&mut self, inner: &str) -> (Variable, usize) {
        let text = inner.replace("{{", "").replace("}}", "");
        let text = trim(&text);
        match self.split(text) {
            (_, 0) => (Variable::parse(text), 0),
            (_, depth) if depth > DEEPEST => {
                let error = format!("variables stand in each other more than {DEEPEST} times");
                let query = Query::Broken { text: "…".into(), error };
                (Variable::Static { expression: query, on_delete: None }, 0)
            }
            (segments, depth) => (Variable::nested(segments), depth),
        }
    }

    /// The segments of a text with marks, and how many levels of variables they hold.
    fn split(&mut self, text: &str) -> (Vec<Segment>, usize) {
        let mut segments = Vec::new();
        let mut depth = 0;
        let mut rest = text;
        while let Some((before, after)) = rest.split_once(&self.mark) {
            if !before.is_empty() {
                segments.push(Segment::Literal(before.into()));
            }
            let (number, after) = after.split_once(CLOSE).unwrap_or_default();
            let number = number.parse().unwrap_or(usize::MAX);
            if let Some((variable, below)) = self.variables.get_mut(number).and_then(Option::take) {
                depth = depth.max(below + 1);
                segments.push(Segment::Variable(variable));
            }
            rest = after;
        }
        if !rest.is_empty() {
            segments.push(Segment::Literal(rest.into()));
        }
        (segments, depth)
    }
}

/// The expression that reads the place of an object at which `{{ @ }}` stands in a rule's value.
///
/// Upstream leaves out two steps, which lead to the value in the rule, even where it fills in the
/// value alone (pkg/engine/variables/vars.go, pkg/utils/jsonpointer).
pub(super) fn expression_of_path(object: &str, path: &str) -> String {
    let mut steps = steps(path);
    if let Some(position) = steps.iter().position(|step| step == "foreach") {
        steps.drain(..=position);
    }
    let mut text = object.to_owned();
    for step in steps.iter().skip(2) {
        let is_index = !step.is_empty() && step.bytes().all(|byte| byte.is_ascii_digit());
        let is_plain = !step.starts_with(|first: char| first.is_ascii_digit())
            && step.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
        match (is_index, is_plain) {
            (true, _) => text.push_str(&format!("[{step}]")),
            (_, true) => text.push_str(&format!(".{step}")),
            _ => {
                let quoted = step.replace('\\', "\\\\").replace('"', "\\\"");
                text.push_str(&format!(".\"{quoted}\""));
            }
        }
    }
    text
}

/// The steps of a path in which `\/` is a slash that does not separate.
fn steps(path: &str) -> Vec<String> {
    let mut steps: Vec<String> = Vec::new();
    let mut characters = path.chars().peekable();
    while let Some(character) = characters.next() {
        match (character, steps.last_mut()) {
            ('\\', Some(step)) if characters.peek() == Some(&'/') => {
                characters.next();
                step.push('/');
            }
            ('/', _) => steps.push(String::new()),
            (_, Some(step)) => step.push(character),
            (_, None) => steps.push(character.to_string()),
        }
    }
    steps
}

/// `\{{ … }}` reads `{{ … }}`.
fn unescape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(offset) = rest.find("\\{{") {
        let (before, escaped) = rest.split_at(offset);
        out.push_str(before);
        let body = escaped.get(1..).unwrap_or_default();
        if matching_end(body.as_bytes(), 2).is_none() {
            out.push('\\');
        }
        out.push_str("{{");
        rest = body.get(2..).unwrap_or_default();
    }
    out.push_str(rest);
    out
}
