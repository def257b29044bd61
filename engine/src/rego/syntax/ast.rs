//! Modules as they were written.

use super::{Span, Version};

/// A module.
#[derive(Clone, Debug)]
pub(crate) struct Module {
    /// The names after `package`, without `data`.
    pub(crate) package: Vec<Box<str>>,
    pub(crate) package_span: Span,
    pub(crate) imports: Vec<Import>,
    pub(crate) rules: Vec<Rule>,
    /// Comments, in the order of the text, each from its `#`.
    pub(crate) comments: Vec<Span>,
    /// The version it was read as: v1 with `import rego.v1` in a text of v0 too.
    pub(crate) version: Version,
}

/// What another module, or a part of the documents, is called here.
#[derive(Clone, Debug)]
pub(crate) struct Import {
    /// `data` or `input` (or `future`, `rego`) and the keys below it.
    pub(crate) path: Vec<Box<str>>,
    pub(crate) alias: Option<Box<str>>,
    pub(crate) span: Span,
}

impl Import {
    /// What it is called.
    pub(crate) fn name(&self) -> &str {
        self.alias.as_deref().or(self.path.last().map(AsRef::as_ref)).unwrap_or_default()
    }
}

/// One definition of a rule.
#[derive(Clone, Debug)]
pub(crate) struct Rule {
    pub(crate) is_default: bool,
    pub(crate) head: Head,
    pub(crate) body: Body,
    /// What counts where the body does not hold, in order.
    pub(crate) otherwise: Vec<Otherwise>,
    pub(crate) span: Span,
}

/// What a rule defines.
#[derive(Clone, Debug)]
pub(crate) struct Head {
    /// A name and the keys that follow it.
    pub(crate) name: Box<str>,
    pub(crate) keys: Vec<Term>,
    /// The parameters of a function.
    pub(crate) parameters: Option<Vec<Term>>,
    /// What a set contains.
    pub(crate) member: Option<Term>,
    /// The value; `None` stands for `true`.
    pub(crate) value: Option<Term>,
    /// Whether the value was given with `:=`.
    pub(crate) assigns: bool,
    pub(crate) span: Span,
}

/// An `else`.
#[derive(Clone, Debug)]
pub(crate) struct Otherwise {
    pub(crate) value: Option<Term>,
    pub(crate) body: Body,
    pub(crate) span: Span,
}

/// Expressions that all have to hold.
pub(crate) type Body = Vec<Expression>;

/// One expression of a body.
#[derive(Clone, Debug)]
pub(crate) struct Expression {
    pub(crate) kind: ExpressionKind,
    pub(crate) with: Vec<With>,
    pub(crate) span: Span,
}

#[derive(Clone, Debug)]
pub(crate) enum ExpressionKind {
    Term(Term),
    /// `x := term`
    Assign(Term, Term),
    /// `x = term`
    Unify(Term, Term),
    Not(Box<Expression>),
    /// `not { … }`
    NotBody(Body),
    /// `some x, y`
    Declare(Vec<(Box<str>, Span)>),
    /// `some key, value in collection`
    SomeIn {
        key: Option<Term>,
        value: Term,
        collection: Term,
    },
    /// `every key, value in collection { … }`
    Every {
        key: Option<Box<str>>,
        value: Box<str>,
        collection: Term,
        body: Body,
    },
}

/// A document that is another one while an expression is evaluated.
#[derive(Clone, Debug)]
pub(crate) struct With {
    pub(crate) target: Term,
    pub(crate) value: Term,
}

/// A part of an expression.
#[derive(Clone, Debug)]
pub(crate) struct Term {
    pub(crate) kind: TermKind,
    pub(crate) span: Span,
}

#[derive(Clone, Debug)]
pub(crate) enum TermKind {
    Null,
    Bool(bool),
    /// The digits as they are written.
    Number(Box<str>),
    String(Box<str>),
    Variable(Box<str>),
    /// `_`
    Wildcard,
    /// A term and the keys that follow it.
    Reference(Box<Term>, Vec<Term>),
    /// The name of a function, split at its dots, and its arguments. Operators are called by the
    /// names of their functions.
    Call(Vec<Box<str>>, Vec<Term>),
    Array(Vec<Term>),
    Object(Vec<(Term, Term)>),
    Set(Vec<Term>),
    ArrayComprehension(Box<Term>, Body),
    SetComprehension(Box<Term>, Body),
    ObjectComprehension(Box<Term>, Box<Term>, Body),
    /// Texts and expressions in turn.
    Template(Vec<TemplatePart>),
}

#[derive(Clone, Debug)]
pub(crate) enum TemplatePart {
    Text(Box<str>),
    Expression(Box<Expression>),
}
