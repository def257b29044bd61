//! Queries: what `opa eval` is asked.

use std::cell::RefCell;
use std::sync::Arc;

use jiff::Timestamp;

use super::{
    Asked, Budget, EvaluationError, Host, Limits, Notation, Problem, Source, Value, Version,
    compile::compile_query,
};
use crate::tree::Tree;

/// A query of modules and documents.
#[derive(Clone, Debug, Default)]
pub struct Query {
    /// The texts of the modules, in their order.
    pub modules: Vec<Arc<str>>,
    /// Whether all texts are Rego v0.
    pub is_v0: bool,
    /// Expressions that have to hold, such as `data.shop.allow = x`.
    pub text: String,
    /// What to answer of each solution: a term, such as `{"x": x}`.
    pub answer: String,
    /// The document `input`.
    pub input: Option<Arc<Tree>>,
    /// The document `input` as a term, where it is no JSON.
    pub input_term: Option<String>,
    /// The document `data`.
    pub data: Option<Arc<Tree>>,
    /// Whether what a built-in function refuses is an error; else it is undefined.
    pub is_strict: bool,
    /// The current time.
    pub time: Timestamp,
    /// How many steps may be made.
    pub steps: u64,
    /// How many bytes of values may be made.
    pub bytes: usize,
}

/// Why a query has no answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QueryError {
    /// OPA's word for it, such as `eval_conflict_error`.
    pub code: String,
    /// What is wrong.
    pub message: String,
}

impl Query {
    /// The answer of each solution as JSON, each once.
    ///
    /// ```
    /// # use ajj_engine::rego::Query;
    /// let query = Query {
    ///     modules: vec!["package shop\n\nlimit := 3".into()],
    ///     text: "data.shop.limit = x".to_owned(),
    ///     answer: "x".to_owned(),
    ///     steps: 1_000,
    ///     bytes: 10_000,
    ///     ..Query::default()
    /// };
    /// assert_eq!(query.ask(), Ok(vec!["3".to_owned()]));
    /// ```
    ///
    /// # Errors
    ///
    /// The first thing that is wrong with modules or query, or what ended the evaluation.
    pub fn ask(&self) -> Result<Vec<String>, QueryError> {
        let version = if self.is_v0 { Version::V0 } else { Version::V1 };
        let modules = self.modules.iter().enumerate().map(|(number, text)| Source {
            name: format!("module-{number}.rego").into(),
            text: Arc::clone(text),
            version,
        });
        let mut query = format!(
            "package query\nimport rego.v1\nanswers contains {} if {{ {} }}\n",
            self.answer, self.text
        );
        if let Some(term) = &self.input_term {
            query.push_str(&format!("document := {term}\n"));
        }
        let query = Source { name: "query.rego".into(), text: query.into(), version };
        let sources: Vec<_> = modules.chain([query]).collect();
        let program = compile_query(&sources, &Limits::default()).map_err(QueryError::of)?;
        let arena = typed_arena::Arena::new();
        let (notes, budget) = (RefCell::default(), Budget::new(self.steps, self.bytes));
        let data =
            self.data.as_ref().map_or_else(|| Value::object(Vec::new()), |tree| tree.root().into());
        let asked = |input| Asked {
            input,
            data: data.clone(),
            now: self.time,
            seed: 0,
            budget: &budget,
            arena: &arena,
            notes: &notes,
            strict: self.is_strict,
        };
        let input = match self.input_term {
            Some(_) => program.answer("document", asked(None))?,
            None => self.input.as_ref().map(|tree| tree.root().into()),
        };
        let answers = program.answer("answers", asked(input))?;
        let host = Host {
            arena: &arena,
            now: self.time,
            seed: 0,
            budget: &budget,
            notes: &notes,
            patterns: &program.patterns,
        };
        let members = answers.as_ref().and_then(|answers| answers.as_set()).unwrap_or_default();
        let written = members.iter().map(|member| member.write(Notation::Json, &host));
        written.collect::<Result<_, _>>().map_err(|_| QueryError {
            code: "eval_cancel_error".to_owned(),
            message: "the evaluation makes too much data".to_owned(),
        })
    }
}

impl QueryError {
    fn of(problems: Vec<Problem>) -> Self {
        let first = problems.into_iter().next();
        let (code, message) =
            first.map_or(("", String::new()), |first| (first.code, first.message));
        Self { code: code.to_owned(), message }
    }
}

impl From<EvaluationError> for QueryError {
    fn from(error: EvaluationError) -> Self {
        Self { code: error.code.to_owned(), message: error.message.clone() }
    }
}
