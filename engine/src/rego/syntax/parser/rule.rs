//! Rules: heads, bodies, `else`.

use super::super::ast::{Body, Expression, ExpressionKind, Head, Otherwise, Rule, Term, TermKind};
use super::super::lexer::Kind;
use super::super::{Misread, Span, Version};
use super::Parser;

impl Parser<'_> {
    /// Reads one definition, or several with one head: `p { … } { … }`.
    pub(super) fn rules(&mut self, rules: &mut Vec<Rule>) -> Result<(), Misread> {
        let start = self.span();
        let is_default = self.is_keyword("default") && !self.is_reference_ahead();
        if is_default {
            self.advance()?;
        }
        let (mut head, is_bare) = self.head(is_default)?;
        if is_default {
            self.check_default(&head)?;
            let body = vec![always(start)];
            let span = start.to(self.last());
            rules.push(Rule { is_default, head, body, otherwise: Vec::new(), span });
            return Ok(());
        }
        let has_if = self.is_keyword("if") && !self.is_reference_ahead();
        let has_body = has_if || self.kind() == Kind::OpenBrace;
        self.settle_partial(&mut head, has_if)?;
        if !has_body {
            if is_bare && head.member.is_none() && head.parameters.is_none() {
                let message = "var cannot be used for rule name".to_owned();
                return Err(Misread::new(message, head.span));
            }
            let (body, span) = (vec![always(head.span)], head.span);
            rules.push(Rule { is_default, head, body, otherwise: Vec::new(), span });
            return self.statement_ends();
        }
        if !has_if && self.version == Version::V1 {
            return self.error("`if` keyword is required before rule body");
        }
        let body = match has_if {
            true => {
                self.advance()?;
                self.body_or_literal()?
            }
            false => self.braces()?,
        };
        let mut otherwise = Vec::new();
        while self.is_keyword("else") && !self.is_reference_ahead() {
            if head.member.is_some() {
                return self.error("else keyword cannot be used on multi-value rules");
            }
            if head.keys.iter().any(|key| !matches!(key.kind, TermKind::String(_))) {
                return self.error("else keyword cannot be used on rules with variables in head");
            }
            otherwise.push(self.otherwise()?);
        }
        let chains = otherwise.is_empty();
        let span = start.to(self.last());
        rules.push(Rule { is_default, head: head.clone(), body, otherwise, span });
        while self.kind() == Kind::OpenBrace {
            if !chains {
                return self.error("expected else keyword");
            }
            let start = self.span();
            let body = self.braces()?;
            let span = start.to(self.last());
            let head = Head { span, ..head.clone() };
            rules.push(Rule { is_default, head, body, otherwise: Vec::new(), span });
        }
        self.statement_ends()
    }

    /// After a statement comes a new line, a semicolon or the end.
    fn statement_ends(&self) -> Result<(), Misread> {
        match self.kind() {
            Kind::End | Kind::Semicolon => Ok(()),
            _ if self.token().on_new_line => Ok(()),
            _ => self.unexpected(""),
        }
    }

    /// What `p[x]` defines: a set's member where there is neither `if` nor a value, as before v1.
    fn settle_partial(&self, head: &mut Head, has_if: bool) -> Result<(), Misread> {
        let is_set = !has_if
            && head.member.is_none()
            && head.value.is_none()
            && head.parameters.is_none()
            && head.keys.len() == 1;
        if is_set {
            if self.version == Version::V1 {
                let message = "`contains` keyword is required for partial set rules".to_owned();
                return Err(Misread::new(message, head.span));
            }
            head.member = head.keys.pop();
        }
        Ok(())
    }

    /// The head, and whether it is a name and keys alone.
    fn head(&mut self, is_default: bool) -> Result<(Head, bool), Misread> {
        let start = self.span();
        if self.kind() != Kind::Word
            || (self.is_reserved(self.word()) && !self.is_reference_ahead())
        {
            return self.unexpected("");
        }
        let name: Box<str> = self.word().into();
        self.advance()?;
        let mut head = Head {
            name,
            keys: Vec::new(),
            parameters: None,
            member: None,
            value: None,
            assigns: false,
            span: start,
        };
        let mut first = true;
        while first || !self.token().spaced {
            match self.kind() {
                Kind::Dot if !self.token().spaced => {
                    self.advance()?;
                    if self.kind() != Kind::Word || self.token().spaced {
                        return self.unexpected("expected identifier");
                    }
                    let kind = TermKind::String(self.word().into());
                    head.keys.push(Term { kind, span: self.span() });
                    self.advance()?;
                }
                Kind::OpenBracket if !self.token().on_new_line => {
                    self.advance()?;
                    let key = self.infix()?;
                    self.expect(Kind::CloseBracket, "]")?;
                    head.keys.push(key);
                }
                Kind::OpenParenthesis if !self.token().on_new_line => {
                    self.advance()?;
                    head.parameters = Some(self.list(Kind::CloseParenthesis, ")")?);
                    break;
                }
                _ => break,
            }
            first = false;
        }
        head.span = start.to(self.last());
        let is_value = matches!(self.kind(), Kind::Unify | Kind::Assign);
        if self.is_keyword("contains") && !is_default {
            if head.parameters.is_some() {
                return self.unexpected(
                    "the contains keyword can only be used with multi-value rule definitions",
                );
            }
            self.advance()?;
            head.member = Some(self.infix()?);
        } else if is_value {
            head.assigns = self.kind() == Kind::Assign;
            self.advance()?;
            head.value = Some(self.infix()?);
        } else if is_default {
            return self.unexpected("default rules must have a value");
        }
        head.span = start.to(self.last());
        let is_bare = head.value.is_none() && head.member.is_none();
        Ok((head, is_bare))
    }

    fn check_default(&self, head: &Head) -> Result<(), Misread> {
        let wrong = |message: &str, span: Span| Err(Misread::new(message, span));
        if let Some(value) = &head.value
            && !is_constant(value)
        {
            return wrong(
                "illegal default rule (value cannot contain var, call or ref)",
                value.span,
            );
        }
        for parameter in head.parameters.iter().flatten() {
            if !matches!(parameter.kind, TermKind::Variable(_) | TermKind::Wildcard) {
                return wrong("illegal default rule (arguments must be variables)", parameter.span);
            }
        }
        Ok(())
    }

    fn body_or_literal(&mut self) -> Result<Body, Misread> {
        if self.kind() != Kind::OpenBrace {
            return Ok(vec![self.literal()?]);
        }
        // What begins with a brace can be a comprehension or an object; a set it cannot be.
        self.either(
            |parser| {
                let expression = parser.literal()?;
                let is_set = matches!(
                    &expression.kind,
                    ExpressionKind::Term(Term { kind: TermKind::Set(_), .. })
                );
                match is_set {
                    true => parser.unexpected("a set is no body"),
                    false => Ok(vec![expression]),
                }
            },
            Self::braces,
        )
    }

    fn otherwise(&mut self) -> Result<Otherwise, Misread> {
        let start = self.span();
        self.advance()?;
        let mut value = None;
        match self.kind() {
            Kind::Assign | Kind::Unify => {
                self.advance()?;
                value = Some(self.infix()?);
            }
            Kind::OpenBrace => {}
            _ if self.is_keyword("if") => {}
            _ => return self.unexpected("expected else value term or rule body"),
        }
        let body = if self.is_keyword("if") {
            self.advance()?;
            match self.kind() {
                Kind::OpenBrace => self.braces()?,
                Kind::End => return self.unexpected("rule body expected"),
                _ => vec![self.literal()?],
            }
        } else if self.kind() == Kind::OpenBrace {
            if self.version == Version::V1 {
                return self.error("`if` keyword is required before rule body");
            }
            self.braces()?
        } else {
            vec![always(start)]
        };
        Ok(Otherwise { value, body, span: start.to(self.last()) })
    }
}

/// `true`, where a body is left out.
fn always(span: Span) -> Expression {
    let kind = ExpressionKind::Term(Term { kind: TermKind::Bool(true), span });
    Expression { kind, with: Vec::new(), span }
}

/// Whether a term has no variable, reference or call outside of comprehensions.
fn is_constant(term: &Term) -> bool {
    match &term.kind {
        TermKind::Variable(_)
        | TermKind::Wildcard
        | TermKind::Reference(..)
        | TermKind::Call(..)
        | TermKind::Template(_) => false,
        TermKind::Array(items) | TermKind::Set(items) => items.iter().all(is_constant),
        TermKind::Object(entries) => {
            entries.iter().all(|(key, value)| is_constant(key) && is_constant(value))
        }
        _ => true,
    }
}
