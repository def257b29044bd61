//! Checks of each element of a list.

use crate::kyverno::conditions::Conditions;
use crate::kyverno::context::{Context, ContextEntry, Resolve, Stop};
use crate::kyverno::variables::Query;
use crate::value::{Text, Value};

use super::{Answer, Check, Naming, Passed, Subject, not_loaded};

/// One block of `foreach`.
#[derive(Debug)]
pub(crate) struct Foreach {
    pub(crate) list: Query,
    /// Whether a pattern is held against the element; by default where it is a map.
    pub(crate) element_scope: Option<bool>,
    pub(crate) context: Vec<ContextEntry>,
    pub(crate) preconditions: Option<Conditions>,
    pub(crate) check: Check,
}

pub(super) fn run<'t>(
    blocks: &'t [Foreach],
    naming: Naming<'t>,
    subject: &Subject<'t>,
    nesting: usize,
    context: &mut Context<'t>,
) -> Result<Answer, Stop> {
    let mut passed = 0;
    let mut list_error = None;
    for block in blocks {
        let list = match block.list.evaluate(context) {
            Ok(list) => list,
            Err(Stop::Failed(error)) if error.contains("Unknown key") => continue,
            Err(Stop::Failed(error)) => {
                list_error.get_or_insert(error);
                continue;
            }
            Err(other) => return Err(other),
        };
        let checkpoint = context.checkpoint();
        let outcome = each(block, &list, naming, subject, nesting, context);
        context.restore(&checkpoint);
        match outcome? {
            Ok(count) => passed += count,
            Err(answer) => return Ok(answer),
        }
    }
    Ok(match (passed, list_error) {
        (0, Some(error)) => Answer::Error(format!("failed to evaluate list: {error}")),
        (0, None) => Answer::Nothing("no element of the lists is there to be checked"),
        _ => Answer::Pass(Passed::Elements),
    })
}

/// How many elements passed, or the answer that ends the rule.
fn each<'t>(
    block: &'t Foreach,
    list: &Value<'t>,
    naming: Naming<'t>,
    subject: &Subject<'t>,
    nesting: usize,
    context: &mut Context<'t>,
) -> Result<Result<usize, Answer>, Stop> {
    let checkpoint = context.checkpoint();
    let mut passed = 0;
    // Where nothing else was changed, an element's names stand in place of the former's.
    let mut unchanged = None;
    let is_list = list.is_list();
    let length = list.len().filter(|_| is_list).unwrap_or(1);
    for index in 0..length {
        // What is no list is its own only element.
        let element = if is_list { list.item(index) } else { Some(list.clone()) };
        let Some(element) = element.filter(|element| !element.is_null()) else {
            continue;
        };
        if unchanged != Some(context.changes()) {
            context.restore(&checkpoint);
        }
        context.spend_text(1)?;
        add_element(context, &element, index, nesting);
        unchanged = Some(context.changes());
        let is_map = element.is_map();
        if block.element_scope == Some(true) && !is_map {
            return Ok(Err(Answer::Error(format!(
                "failed to process foreach: cannot use elementScope=true foreach rules for \
                 elements that are not maps, expected type=map got type={}",
                go_type(&element)
            ))));
        }
        let scoped = block.element_scope.unwrap_or(is_map);
        let inner = match scoped {
            true => Subject { value: element, object: subject.object, is_element: true },
            false => subject.clone(),
        };
        match one(block, naming, &inner, nesting + 1, context)? {
            Answer::Pass(_) => passed += 1,
            Answer::Skip(_) | Answer::Nothing(_) => {}
            Answer::Error(message) => {
                return Ok(Err(Answer::Error(format!("validation failure: {message}"))));
            }
            Answer::Fail { message, headline, violations } => {
                let message = format!("validation failure: {message}");
                return Ok(Err(Answer::Fail { message, headline, violations }));
            }
        }
    }
    Ok(Ok(passed))
}

fn one<'t>(
    block: &'t Foreach,
    naming: Naming<'t>,
    subject: &Subject<'t>,
    nesting: usize,
    context: &mut Context<'t>,
) -> Result<Answer, Stop> {
    if let Some(answer) = not_loaded(context.defer(&block.context))? {
        return Ok(answer);
    }
    if let Some(preconditions) = &block.preconditions {
        match preconditions.evaluate(context) {
            Ok(verdict) if verdict.holds => {}
            Ok(_) => return Ok(Answer::Skip("preconditions not met".to_owned())),
            // Upstream leaves the element out without a word (`validateElements`).
            Err(Stop::Failed(error)) => {
                context.warn(format!(
                    "rule {}: an element of foreach is left out, its preconditions cannot be \
                     evaluated: {error}",
                    naming.rule
                ));
                return Ok(Answer::Skip("preconditions not met".to_owned()));
            }
            Err(other) => return Err(other),
        }
    }
    block.check.run(naming, subject, nesting, context)
}

/// The names of elements and their indices by the depth of nesting, for the depths in use.
const NAMES: [(&str, &str); 3] =
    [("element0", "elementIndex0"), ("element1", "elementIndex1"), ("element2", "elementIndex2")];

/// `element` and `elementIndex`, and both with the depth of nesting.
fn add_element<'t>(context: &mut Context<'t>, element: &Value<'t>, index: usize, nesting: usize) {
    let index = Value::Int(i64::try_from(index).unwrap_or(i64::MAX));
    let (name, index_name) = match NAMES.get(nesting) {
        Some((name, index_name)) => (Text::Borrowed(name), Text::Borrowed(index_name)),
        None => (format!("element{nesting}").into(), format!("elementIndex{nesting}").into()),
    };
    context.set(Text::Borrowed("element"), element.clone());
    context.set(name, element.clone());
    context.set(Text::Borrowed("elementIndex"), index.clone());
    context.set(index_name, index);
}

fn go_type(value: &Value<'_>) -> &'static str {
    match value {
        Value::Null => "<nil>",
        Value::Bool(_) => "bool",
        Value::Int(_) | Value::Float(_) => "float64",
        Value::String(_) => "string",
        value if value.is_list() => "[]interface {}",
        _ => "map[string]interface {}",
    }
}
