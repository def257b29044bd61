//! Orders bodies so that each expression finds its variables bound.
//!
//! As `reorderBodyForSafety` and `Unify` of OPA's `v1/ast` do: an expression goes where all that
//! it needs is there, else where it was written; what never finds its variables is unsafe.

use std::collections::BTreeSet;

use super::super::syntax::Span;
use super::core::{Expression, Head, Kind, Term, TermKind, Variable, Walk};

pub(super) type Variables = BTreeSet<Variable>;

/// Variables that nothing binds.
pub(super) type Unsafe = Vec<(Variable, Span)>;

/// Without closures: their bodies are ordered by themselves.
const OUTSIDE: Walk = Walk { skip_closures: true, skip_unmatchable: false, skip_heads: false };
/// What a term can give values to.
const MATCHABLE: Walk = Walk { skip_closures: true, skip_unmatchable: true, skip_heads: true };
const EVERYTHING: Walk = Walk { skip_closures: false, skip_unmatchable: false, skip_heads: false };

/// Orders a body whose `bound` variables have values; those that it binds are added.
pub(super) fn order(
    body: Vec<Expression>,
    bound: &mut Variables,
    found: &mut Unsafe,
) -> Vec<Expression> {
    let outer = bound.clone();
    let mut all = Variables::new();
    OUTSIDE.body(&body, &mut |variable| {
        all.insert(variable);
    });
    let mut waiting: Vec<Option<Expression>> = body.into_iter().map(Some).collect();
    let mut ordered = Vec::with_capacity(waiting.len());
    loop {
        let before = ordered.len();
        for place in &mut waiting {
            let Some(expression) = place.as_ref() else { continue };
            let outputs = outputs(expression, bound);
            let mut closed = Variables::new();
            closures(expression, &mut |variable| {
                closed.insert(variable);
            });
            let is_open = |variable: &Variable| {
                all.contains(variable) && !outer.contains(variable) && !bound.contains(variable)
            };
            let mut wanted = Variables::new();
            OUTSIDE.expression(expression, &mut |variable| {
                wanted.insert(variable);
            });
            let closes = closed.iter().any(is_open);
            let misses = wanted
                .iter()
                .any(|variable| !bound.contains(variable) && !outputs.contains(variable));
            if !closes && !misses {
                bound.extend(outputs);
                ordered.extend(place.take());
            }
        }
        if ordered.len() == before {
            break;
        }
    }
    for expression in waiting.into_iter().flatten() {
        let outputs = outputs(&expression, bound);
        let mut missed = Variables::new();
        EVERYTHING.expression(&expression, &mut |variable| {
            let inside = all.contains(&variable) || outer.contains(&variable);
            if inside && !bound.contains(&variable) && !outputs.contains(&variable) {
                missed.insert(variable);
            }
        });
        found.extend(missed.into_iter().map(|variable| (variable, expression.span)));
    }
    let mut inner = outer;
    for expression in &mut ordered {
        order_closures(expression, &inner, found);
        OUTSIDE.expression(expression, &mut |variable| {
            inner.insert(variable);
        });
    }
    ordered
}

/// Orders the bodies inside an expression.
fn order_closures(expression: &mut Expression, bound: &Variables, found: &mut Unsafe) {
    match &mut expression.kind {
        Kind::Term(term) => order_term(term, bound, found),
        Kind::Unify(left, right) => {
            order_term(left, bound, found);
            order_term(right, bound, found);
        }
        Kind::Call { arguments, output, .. } => {
            arguments.iter_mut().chain(output).for_each(|term| order_term(term, bound, found));
        }
        Kind::Every { key, value, domain, body } => {
            order_term(domain, bound, found);
            let mut inner = bound.clone();
            inner.extend([*key, *value]);
            *body = order(std::mem::take(body), &mut inner, found);
        }
        Kind::Not(body) => *body = order(std::mem::take(body), &mut bound.clone(), found),
    }
    expression.with.iter_mut().for_each(|with| order_term(&mut with.value, bound, found));
}

/// Orders the comprehensions inside a term.
pub(super) fn order_term(term: &mut Term, bound: &Variables, found: &mut Unsafe) {
    let span = term.span;
    match &mut term.kind {
        TermKind::Reference(_, keys) => {
            keys.iter_mut().for_each(|key| order_term(key, bound, found));
        }
        TermKind::Array(items) | TermKind::Set(items) => {
            items.iter_mut().for_each(|item| order_term(item, bound, found));
        }
        TermKind::Object(entries) => {
            for (key, value) in entries {
                order_term(key, bound, found);
                order_term(value, bound, found);
            }
        }
        TermKind::ArrayComprehension(term, body) | TermKind::SetComprehension(term, body) => {
            let mut inner = bound.clone();
            *body = order(std::mem::take(body), &mut inner, found);
            check_bound(term, span, &inner, found);
            order_term(term, &inner, found);
        }
        TermKind::ObjectComprehension(key, value, body) => {
            let mut inner = bound.clone();
            *body = order(std::mem::take(body), &mut inner, found);
            for term in [key, value] {
                check_bound(term, span, &inner, found);
                order_term(term, &inner, found);
            }
        }
        _ => {}
    }
}

/// Notes the variables of a term that have no value.
pub(super) fn check_bound(term: &Term, span: Span, bound: &Variables, found: &mut Unsafe) {
    OUTSIDE.term(term, &mut |variable| {
        if !bound.contains(&variable) {
            found.push((variable, span));
        }
    });
}

/// The variables inside comprehensions and other bodies of an expression.
fn closures(expression: &Expression, found: &mut impl FnMut(Variable)) {
    let mut outside = Vec::new();
    OUTSIDE.expression(expression, &mut |variable| outside.push(variable));
    let mut everything = Vec::new();
    EVERYTHING.expression(expression, &mut |variable| everything.push(variable));
    // Those outside are seen in both, in one order; what is left stands inside.
    let mut outside = outside.into_iter().peekable();
    for variable in everything {
        match outside.peek() {
            Some(next) if *next == variable => {
                outside.next();
            }
            _ => found(variable),
        }
    }
}

/// The variables that an expression gives values to.
fn outputs(expression: &Expression, bound: &Variables) -> Variables {
    let mut given = Variables::new();
    let mut knows_modifiers = true;
    for with in &expression.with {
        OUTSIDE.term(&with.value, &mut |variable| knows_modifiers &= bound.contains(&variable));
    }
    if expression.negated || !knows_modifiers {
        return given;
    }
    match &expression.kind {
        Kind::Term(term) => keys_of(term, bound, &mut given),
        Kind::Unify(left, right) => {
            keys_of(left, bound, &mut given);
            keys_of(right, bound, &mut given);
            let mut known: Variables = bound.union(&given).copied().collect();
            if expression.assigns {
                MATCHABLE.term(left, &mut |variable| {
                    known.remove(&variable);
                });
            }
            unify(left, right, &mut known);
            given = known.difference(bound).copied().collect();
        }
        Kind::Call { arguments, output, .. } => {
            arguments.iter().for_each(|term| keys_of(term, bound, &mut given));
            let mut knows_arguments = true;
            for argument in arguments {
                OUTSIDE.term(argument, &mut |variable| {
                    knows_arguments &= bound.contains(&variable) || given.contains(&variable);
                });
            }
            if let Some(output) = output.as_ref().filter(|_| knows_arguments) {
                MATCHABLE.term(output, &mut |variable| {
                    given.insert(variable);
                });
            }
        }
        Kind::Every { domain, .. } => keys_of(domain, bound, &mut given),
        Kind::Not(_) => {}
    }
    given
}

/// The variables in the keys of references whose head is known.
fn keys_of(term: &Term, bound: &Variables, given: &mut Variables) {
    match &term.kind {
        TermKind::Reference(head, keys) => {
            if let Head::Variable(variable) = head
                && !bound.contains(variable)
            {
                return;
            }
            for key in keys {
                Walk { skip_heads: true, skip_closures: true, skip_unmatchable: false }.term(
                    key,
                    &mut |variable| {
                        given.insert(variable);
                    },
                );
            }
        }
        TermKind::Array(items) | TermKind::Set(items) => {
            items.iter().for_each(|item| keys_of(item, bound, given));
        }
        TermKind::Object(entries) => {
            for (key, value) in entries {
                keys_of(key, bound, given);
                keys_of(value, bound, given);
            }
        }
        _ => {}
    }
}

/// Adds the variables that unifying two terms gives values to.
fn unify(left: &Term, right: &Term, known: &mut Variables) {
    loop {
        let before = known.len();
        unify_once(left, right, known);
        if known.len() == before {
            return;
        }
    }
}

fn unify_once(left: &Term, right: &Term, known: &mut Variables) {
    use TermKind::{Array, Object, Reference, Variable};
    let is_known = |head: &Head, known: &Variables| match head {
        Head::Variable(variable) => known.contains(variable),
        _ => true,
    };
    match (&left.kind, &right.kind) {
        (Variable(a), Variable(b)) if (known.contains(a) || known.contains(b)) => {
            known.extend([*a, *b]);
        }
        (Variable(variable), Array(_) | Object(_)) => {
            unify_with_parts(*variable, right, known);
        }
        (Array(_) | Object(_), Variable(variable)) => {
            unify_with_parts(*variable, left, known);
        }
        (Variable(variable), Reference(head, _)) | (Reference(head, _), Variable(variable))
            if is_known(head, known) =>
        {
            known.insert(*variable);
        }
        (Variable(variable), _) | (_, Variable(variable)) => {
            known.insert(*variable);
        }
        (Array(lefts), Array(rights)) if lefts.len() == rights.len() => {
            lefts.iter().zip(rights).for_each(|(left, right)| unify_once(left, right, known));
        }
        (Object(lefts), Object(rights)) if lefts.len() == rights.len() => {
            for (key, left) in lefts {
                let same = rights.iter().find(|(other, _)| same_key(key, other));
                if let Some((_, right)) = same {
                    unify_once(left, right, known);
                }
            }
        }
        (Array(_) | Object(_), Reference(head, _)) if is_known(head, known) => {
            add_all(left, known);
        }
        (Reference(head, _), Array(_) | Object(_)) if is_known(head, known) => {
            add_all(right, known);
        }
        (Array(_) | Object(_), _) if is_comprehension(right) => add_all(left, known),
        (_, Array(_) | Object(_)) if is_comprehension(left) => add_all(right, known),
        _ => {}
    }
}

fn is_comprehension(term: &Term) -> bool {
    matches!(
        term.kind,
        TermKind::ArrayComprehension(..)
            | TermKind::SetComprehension(..)
            | TermKind::ObjectComprehension(..)
    )
}

/// Whether two keys of objects that stand there are the same.
pub(super) fn same_key(left: &Term, right: &Term) -> bool {
    match (&left.kind, &right.kind) {
        (TermKind::String(left), TermKind::String(right)) => left == right,
        (TermKind::Number(left), TermKind::Number(right)) => left == right,
        (TermKind::Variable(left), TermKind::Variable(right)) => left == right,
        (TermKind::Bool(left), TermKind::Bool(right)) => left == right,
        (TermKind::Null, TermKind::Null) => true,
        _ => false,
    }
}

fn unify_with_parts(variable: Variable, parts: &Term, known: &mut Variables) {
    if known.contains(&variable) {
        return add_all(parts, known);
    }
    let mut complete = true;
    MATCHABLE.term(parts, &mut |part| complete &= known.contains(&part));
    if complete {
        known.insert(variable);
    }
}

fn add_all(term: &Term, known: &mut Variables) {
    MATCHABLE.term(term, &mut |variable| {
        known.insert(variable);
    });
}
