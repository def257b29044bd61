//! Bodies and their expressions.

use super::super::Misread;
use super::super::ast::{Body, Expression, ExpressionKind, Term, TermKind, With};
use super::super::lexer::Kind;
use super::Parser;

impl Parser<'_> {
    /// A body in braces.
    pub(super) fn braces(&mut self) -> Result<Body, Misread> {
        self.expect(Kind::OpenBrace, "{")?;
        self.body(Kind::CloseBrace, "}")
    }

    /// Expressions up to a sign, which is gone over.
    pub(super) fn body(&mut self, end: Kind, sign: &str) -> Result<Body, Misread> {
        if self.kind() == end {
            return self.error("found empty body");
        }
        self.deeper(|parser| {
            let mut body = Vec::new();
            loop {
                body.push(parser.literal()?);
                if parser.eat(Kind::Semicolon) {
                    if parser.eat(end) {
                        return Ok(body);
                    }
                } else if parser.eat(end) {
                    return Ok(body);
                } else if !parser.token().on_new_line {
                    return parser.unexpected(&format!("expected \\n or ; or {sign}"));
                }
            }
        })
    }

    /// One expression with its modifiers.
    pub(super) fn literal(&mut self) -> Result<Expression, Misread> {
        let start = self.span();
        let is_name = self.is_reference_ahead();
        let negated = self.is_keyword("not") && !is_name;
        if negated {
            self.advance()?;
        }
        let is_word = |parser: &Self, word| parser.is_keyword(word) && !parser.is_reference_ahead();
        let kind = if negated && self.keywords.not_body && self.kind() == Kind::OpenBrace {
            ExpressionKind::NotBody(self.braces()?)
        } else if is_word(self, "some") || is_word(self, "every") {
            if negated {
                let word = self.word().to_owned();
                return self.unexpected(&format!("illegal negation of '{word}'"));
            }
            match self.word() {
                "some" => self.some()?,
                _ => self.every()?,
            }
        } else {
            let inner_start = self.span();
            let kind = self.plain()?;
            match negated {
                false => kind,
                true => {
                    let span = inner_start.to(self.last());
                    let inner = Expression { kind, with: Vec::new(), span };
                    // With the keyword imported, nothing is evaluated outside of the negation.
                    match self.keywords.not_body {
                        true => ExpressionKind::NotBody(vec![inner]),
                        false => ExpressionKind::Not(Box::new(inner)),
                    }
                }
            }
        };
        let with = self.with()?;
        Ok(Expression { kind, with, span: start.to(self.last()) })
    }

    fn plain(&mut self) -> Result<ExpressionKind, Misread> {
        let left = self.infix()?;
        match self.kind() {
            Kind::Assign => {
                self.advance()?;
                Ok(ExpressionKind::Assign(left, self.infix()?))
            }
            Kind::Unify => {
                self.advance()?;
                Ok(ExpressionKind::Unify(left, self.infix()?))
            }
            _ => Ok(ExpressionKind::Term(left)),
        }
    }

    fn with(&mut self) -> Result<Vec<With>, Misread> {
        let mut all = Vec::new();
        while self.is_keyword("with") && !self.is_reference_ahead() {
            self.advance()?;
            if self.kind() != Kind::Word {
                return self.unexpected("expected ident");
            }
            let target = self.term()?;
            if !matches!(target.kind, TermKind::Variable(_) | TermKind::Reference(..)) {
                return self.unexpected("expected with target path");
            }
            if !self.is_keyword("as") {
                return self.unexpected("expected as keyword");
            }
            self.advance()?;
            all.push(With { target, value: self.infix()? });
        }
        Ok(all)
    }

    fn some(&mut self) -> Result<ExpressionKind, Misread> {
        self.advance()?;
        let at = self.at;
        if self.keywords.r#in {
            if let Ok(Term { kind: TermKind::Call(name, arguments), .. }) = self.infix() {
                if let Some((key, value, collection)) = membership(&name, arguments) {
                    return Ok(ExpressionKind::SomeIn { key, value, collection });
                }
                return self.unexpected("expected `x in xs` or `x, y in xs` expression");
            }
            self.at = at;
        }
        let mut names = Vec::new();
        loop {
            if self.kind() != Kind::Word || self.is_reserved(self.word()) {
                return self.unexpected("expected var");
            }
            names.push((self.word().into(), self.span()));
            self.advance()?;
            if !self.eat(Kind::Comma) {
                return Ok(ExpressionKind::Declare(names));
            }
        }
    }

    fn every(&mut self) -> Result<ExpressionKind, Misread> {
        self.advance()?;
        let wanted = "expected `x[, y] in xs { ... }` expression";
        let Term { kind: TermKind::Call(name, arguments), .. } = self.infix()? else {
            return self.unexpected(wanted);
        };
        let Some((key, value, collection)) = membership(&name, arguments) else {
            return self.unexpected(wanted);
        };
        let variable = |term: Term| match term.kind {
            TermKind::Variable(name) => Some(name),
            TermKind::Wildcard => Some("_".into()),
            _ => None,
        };
        let key = match key.map(variable) {
            Some(None) => return self.unexpected("expected key to be a variable"),
            key => key.flatten(),
        };
        let Some(value) = variable(value) else {
            return self.unexpected("expected value to be a variable");
        };
        if self.kind() != Kind::OpenBrace {
            return self.unexpected("missing body");
        }
        let body = self.braces()?;
        Ok(ExpressionKind::Every { key, value, collection, body })
    }
}

/// The parts of `key, value in collection`.
fn membership(name: &[Box<str>], arguments: Vec<Term>) -> Option<(Option<Term>, Term, Term)> {
    let [first, second] = name else { return None };
    let mut arguments = arguments.into_iter();
    match (&**first, &**second) {
        ("internal", "member_2") => Some((None, arguments.next()?, arguments.next()?)),
        ("internal", "member_3") => Some((arguments.next(), arguments.next()?, arguments.next()?)),
        _ => None,
    }
}
