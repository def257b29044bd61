//! Compiled modules: rules as steps over frames of variables.

pub(super) mod walk;

use std::collections::BTreeMap;
use std::sync::Arc;

use super::builtins::{Builtin, Patterns};
use super::outside::Outside;
use super::syntax::{Source, Span};
use crate::tree::Tree;

/// Modules that were compiled together.
#[derive(Debug)]
pub(crate) struct Program {
    pub(super) rules: Vec<Rule>,
    /// Documents that rules define, by path; the first is `data`.
    pub(super) branches: Vec<Branch>,
    pub(super) sources: Vec<Source>,
    /// The package of each text, below `data`.
    pub(super) packages: Vec<Vec<Box<str>>>,
    pub(super) patterns: Patterns,
    /// Who answers functions that need more than their arguments.
    pub(super) outside: Option<Box<dyn Outside>>,
}

/// What rules define below one path.
#[derive(Debug, Default)]
pub(super) struct Branch {
    /// The path below `data`.
    pub(super) path: Box<[Box<str>]>,
    pub(super) children: BTreeMap<Box<str>, Node>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Node {
    Branch(usize),
    Rule(usize),
}

/// All definitions of one path.
#[derive(Debug)]
pub(super) struct Rule {
    /// The path below `data`.
    pub(super) path: Box<[Box<str>]>,
    pub(super) kind: RuleKind,
    pub(super) definitions: Vec<Definition>,
    pub(super) default: Option<Definition>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum RuleKind {
    /// One value.
    Complete,
    /// A value for each tuple of so many arguments.
    Function(usize),
    /// A set, or an object, that its definitions fill.
    Partial,
}

#[derive(Debug)]
pub(super) struct Definition {
    pub(super) parameters: Box<[Pattern]>,
    pub(super) keys: Box<[Term]>,
    /// How many steps of the body it takes until the keys have values.
    pub(super) keys_after: usize,
    pub(super) member: Option<Term>,
    pub(super) value: Term,
    pub(super) body: Box<[Step]>,
    pub(super) otherwise: Box<[Otherwise]>,
    /// How many variables it has.
    pub(super) frame: usize,
    pub(super) module: usize,
    pub(super) span: Span,
    /// The place of the head.
    pub(super) head: Span,
}

#[derive(Debug)]
pub(super) struct Otherwise {
    pub(super) value: Term,
    pub(super) body: Box<[Step]>,
}

/// One thing to do on the way to a solution.
#[derive(Debug)]
pub(super) struct Step {
    pub(super) kind: StepKind,
    pub(super) span: Span,
}

#[derive(Debug)]
pub(super) enum StepKind {
    /// Goes on if the term has a value other than `false`.
    Test(Term),
    /// Goes on for each value of a reference other than `false`.
    TestEach(Reference),
    /// Goes on if the value of the term fits.
    Match(Pattern, Term),
    /// Goes on for each value of a reference that fits.
    MatchEach(Pattern, Reference),
    /// Goes on if the call has a value that fits, or one other than `false`.
    Call { callee: Callee, arguments: Box<[Term]>, output: Option<Pattern> },
    /// Goes on if there is no solution.
    Not(Box<[Step]>),
    /// Goes on if there is a solution for each item.
    Every { key: u32, value: u32, domain: Term, body: Box<[Step]> },
    /// Goes on for each solution under other documents, outside of them.
    With { changes: Box<[Change]>, body: Box<[Step]> },
    /// Cannot be true.
    Never,
}

#[derive(Debug)]
pub(super) struct Change {
    pub(super) target: ChangeTarget,
    pub(super) value: Replacement,
}

#[derive(Debug)]
pub(super) enum ChangeTarget {
    Input(Box<[Box<str>]>),
    Data(Box<[Box<str>]>),
    Builtin(&'static Builtin),
    /// A function that rules define.
    Function(usize),
}

#[derive(Debug)]
pub(super) enum Replacement {
    Value(Term),
    Call(Callee),
}

#[derive(Clone, Copy, Debug)]
pub(super) enum Callee {
    Builtin(&'static Builtin),
    Rule(usize),
    Print,
    Template,
}

/// A term all of whose variables are bound: it has one value or none.
#[derive(Debug)]
pub(super) enum Term {
    Null,
    Bool(bool),
    Int(i64),
    /// Any other number.
    Number(Box<str>),
    String(Box<str>),
    Variable(u32),
    Reference(Box<Reference>),
    Array(Box<[Self]>),
    Object(Box<[(Self, Self)]>),
    Set(Box<[Self]>),
    Comprehension(Box<Comprehension>),
    Constant(Arc<Tree>),
}

#[derive(Debug)]
pub(super) enum Comprehension {
    Array(Term, Box<[Step]>),
    Set(Term, Box<[Step]>),
    Object(Term, Term, Box<[Step]>),
}

#[derive(Debug)]
pub(super) struct Reference {
    pub(super) start: Start,
    pub(super) keys: Box<[Key]>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Start {
    Input,
    /// Documents that no rule defines, from `data`.
    Base,
    Branch(usize),
    Rule(usize),
    Variable(u32),
}

#[derive(Debug)]
pub(super) enum Key {
    Field(Box<str>),
    /// A key that is known.
    Bound(Term),
    /// Every key that fits.
    Each(Pattern),
}

/// What a value is compared with and taken apart by.
#[derive(Debug)]
pub(super) enum Pattern {
    Bind(u32),
    Same(Term),
    Array(Box<[Self]>),
    Object(Box<[(Term, Self)]>),
}

impl Program {
    /// The patterns that were compiled already.
    pub(crate) fn patterns(&self) -> &Patterns {
        &self.patterns
    }

    /// The same with somebody who answers what needs more than arguments.
    pub(crate) fn asking(self, outside: Box<dyn Outside>) -> Self {
        Self { outside: Some(outside), ..self }
    }
}

impl Key {
    pub(super) fn is_known(&self) -> bool {
        !matches!(self, Self::Each(_))
    }
}

impl Reference {
    /// Whether it has at most one value.
    pub(super) fn is_single(&self) -> bool {
        self.keys.iter().all(Key::is_known)
    }
}
