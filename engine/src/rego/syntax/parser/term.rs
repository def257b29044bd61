//! Terms: literals, collections, comprehensions, references, calls and operators.

use super::super::ast::{ExpressionKind, TemplatePart, Term, TermKind};
use super::super::lexer::Kind;
use super::super::{Misread, Span};
use super::Parser;
use crate::read::{Limits, parse_json};

/// How tightly operators bind; `in` binds least.
fn operator(kind: Kind) -> Option<(u8, &'static str)> {
    Some(match kind {
        Kind::Equal => (1, "equal"),
        Kind::NotEqual => (1, "neq"),
        Kind::Less => (1, "lt"),
        Kind::LessEqual => (1, "lte"),
        Kind::Greater => (1, "gt"),
        Kind::GreaterEqual => (1, "gte"),
        Kind::Or => (2, "or"),
        Kind::And => (3, "and"),
        Kind::Plus => (4, "plus"),
        Kind::Minus => (4, "minus"),
        Kind::Times => (5, "mul"),
        Kind::Divide => (5, "div"),
        Kind::Remainder => (5, "rem"),
        _ => return None,
    })
}

impl Parser<'_> {
    /// A term with operators, and `key, value in collection`.
    pub(super) fn infix(&mut self) -> Result<Term, Misread> {
        self.deeper(|parser| parser.membership(None, true))
    }

    /// A term with operators where a comma ends it.
    fn infix_in_list(&mut self) -> Result<Term, Misread> {
        self.deeper(|parser| parser.membership(None, false))
    }

    fn membership(&mut self, left: Option<Term>, pairs: bool) -> Result<Term, Misread> {
        let mut left = match left {
            Some(left) => self.operators(Some(left), 1)?,
            None => self.operators(None, 1)?,
        };
        loop {
            if pairs && self.keywords.r#in && self.kind() == Kind::Comma {
                let at = self.at;
                self.advance()?;
                match self.operators(None, 1) {
                    Ok(value) if self.is_keyword("in") => {
                        self.advance()?;
                        let collection = self.operators(None, 1)?;
                        left = self.call(&["internal", "member_3"], vec![left, value, collection]);
                        continue;
                    }
                    Err(failed) if failed.is_final => return Err(failed),
                    _ => self.at = at,
                }
            }
            if !self.is_keyword("in") || self.is_reference_ahead() {
                return Ok(left);
            }
            self.advance()?;
            let collection = self.operators(None, 1)?;
            left = self.call(&["internal", "member_2"], vec![left, collection]);
        }
    }

    /// Operators that bind at least so tightly, from the left.
    fn operators(&mut self, left: Option<Term>, least: u8) -> Result<Term, Misread> {
        let mut left = match left {
            Some(left) => left,
            None => self.term()?,
        };
        while let Some((binding, name)) = operator(self.kind()).filter(|found| found.0 >= least) {
            self.advance()?;
            let right = self.deeper(|parser| parser.operators(None, binding + 1))?;
            left = self.call(&[name], vec![left, right]);
        }
        Ok(left)
    }

    fn call(&self, name: &[&str], arguments: Vec<Term>) -> Term {
        let first = arguments.first().map_or(Span::default(), |term| term.span);
        let name = name.iter().map(|part| Box::from(*part)).collect();
        Term { kind: TermKind::Call(name, arguments), span: first.to(self.last()) }
    }

    /// A term without operators.
    pub(super) fn term(&mut self) -> Result<Term, Misread> {
        let start = self.span();
        if self.kind() == Kind::Minus {
            return self.negative(start);
        }
        let kind = match self.kind() {
            Kind::Number => TermKind::Number(self.taken()?),
            Kind::String | Kind::RawString => TermKind::String(self.literal_text()?),
            Kind::TemplatePart { .. } | Kind::TemplateEnd { .. } => self.template()?,
            Kind::OpenBracket => self.array()?,
            Kind::OpenBrace => self.set_or_object()?,
            Kind::OpenParenthesis => {
                self.advance()?;
                let inner = self.infix()?;
                if self.kind() != Kind::CloseParenthesis {
                    return self.error("non-terminated expression");
                }
                self.advance()?;
                inner.kind
            }
            Kind::Word => self.name()?,
            _ => return self.unexpected(""),
        };
        let head = Term { kind, span: start.to(self.last()) };
        self.reference(head)
    }

    fn negative(&mut self, start: Span) -> Result<Term, Misread> {
        self.advance()?;
        if self.kind() == Kind::Number {
            let digits = self.taken()?;
            let kind = TermKind::Number(format!("-{digits}").into());
            return Ok(Term { kind, span: start.to(self.last()) });
        }
        if self.kind() != Kind::Word {
            return self.unexpected("expected number");
        }
        let zero = Term { kind: TermKind::Number("0".into()), span: start };
        let term = self.deeper(Self::term)?;
        Ok(self.call(&["minus"], vec![zero, term]))
    }

    fn taken(&mut self) -> Result<Box<str>, Misread> {
        let text = self.span().text(self.text).into();
        self.advance()?;
        Ok(text)
    }

    fn name(&mut self) -> Result<TermKind, Misread> {
        let word: Box<str> = self.word().into();
        // `contains` is a keyword in heads alone.
        let is_name = !self.is_reserved(&word) || &*word == "contains" || self.is_reference_ahead();
        let kind = match &*word {
            "null" if !is_name => TermKind::Null,
            "true" if !is_name => TermKind::Bool(true),
            "false" if !is_name => TermKind::Bool(false),
            "_" => TermKind::Wildcard,
            _ if is_name => TermKind::Variable(word),
            _ => return self.unexpected(""),
        };
        self.advance()?;
        Ok(kind)
    }

    /// The text of a string token.
    pub(super) fn literal_text(&mut self) -> Result<Box<str>, Misread> {
        let written = self.span().text(self.text);
        let inner = written.get(1..written.len() - 1).unwrap_or_default();
        let text = match self.kind() {
            Kind::String => self.unescape(inner)?,
            _ => inner.into(),
        };
        self.advance()?;
        Ok(text)
    }

    fn unescape(&self, inner: &str) -> Result<Box<str>, Misread> {
        if !inner.contains('\\') && !inner.contains(|character| character < ' ') {
            return Ok(inner.into());
        }
        let quoted = format!("\"{inner}\"");
        match parse_json(quoted.as_str(), &Limits::default()) {
            Ok(tree) => Ok(tree.root().as_str().unwrap_or_default().into()),
            Err(_) => self.error(format!("illegal string literal: {quoted}")),
        }
    }

    fn template(&mut self) -> Result<TermKind, Misread> {
        let mut parts = Vec::new();
        loop {
            let written = self.span().text(self.text);
            // The first part begins with a dollar and a quote, others with a brace.
            let skip = if written.starts_with('$') { 2 } else { 1 };
            let inner = written.get(skip..written.len() - 1).unwrap_or_default();
            let raw = matches!(
                self.kind(),
                Kind::TemplatePart { raw: true } | Kind::TemplateEnd { raw: true }
            );
            let plain = inner.replace("\\{", "{");
            let text = if raw { plain.into() } else { self.unescape(&plain)? };
            if !text.is_empty() {
                parts.push(TemplatePart::Text(text));
            }
            let ends = matches!(self.kind(), Kind::TemplateEnd { .. });
            self.advance()?;
            if ends {
                return Ok(TermKind::Template(parts));
            }
            let expression = self.deeper(Self::literal)?;
            if !matches!(expression.kind, ExpressionKind::Term(_)) {
                let message = "unexpected statement in template-string expression".to_owned();
                return Err(Misread::new(message, expression.span));
            }
            parts.push(TemplatePart::Expression(Box::new(expression)));
            if !matches!(self.kind(), Kind::TemplatePart { .. } | Kind::TemplateEnd { .. }) {
                return self.unexpected("expected } to end template string expression");
            }
        }
    }

    fn array(&mut self) -> Result<TermKind, Misread> {
        self.advance()?;
        if self.eat(Kind::CloseBracket) {
            return Ok(TermKind::Array(Vec::new()));
        }
        let comma_first = self.eat(Kind::Comma);
        let head = self.deeper(Self::term)?;
        let plain = |parser: &mut Self, head: Term| {
            let first = parser.deeper(|parser| parser.membership(Some(head), false))?;
            Ok(TermKind::Array(parser.rest_of_list(first, Kind::CloseBracket, "]")?))
        };
        if self.kind() != Kind::Or || comma_first {
            return plain(self, head);
        }
        self.either(
            |parser| {
                parser.advance()?;
                let body = parser.body(Kind::CloseBracket, "]")?;
                Ok(TermKind::ArrayComprehension(Box::new(head.clone()), body))
            },
            |parser| plain(parser, head.clone()),
        )
    }

    fn set_or_object(&mut self) -> Result<TermKind, Misread> {
        self.advance()?;
        if self.eat(Kind::CloseBrace) {
            return Ok(TermKind::Object(Vec::new()));
        }
        let comma_first = self.eat(Kind::Comma);
        let head = self.deeper(Self::term)?;
        let plain = |parser: &mut Self, head: Term| {
            let first = parser.deeper(|parser| parser.membership(Some(head), false))?;
            match parser.kind() {
                Kind::Colon => parser.object(first, !comma_first),
                Kind::Comma | Kind::CloseBrace => {
                    Ok(TermKind::Set(parser.rest_of_list(first, Kind::CloseBrace, "}")?))
                }
                _ => parser.unexpected("non-terminated set"),
            }
        };
        if self.kind() != Kind::Or || comma_first {
            return plain(self, head);
        }
        self.either(
            |parser| {
                parser.advance()?;
                let body = parser.body(Kind::CloseBrace, "}")?;
                Ok(TermKind::SetComprehension(Box::new(head.clone()), body))
            },
            |parser| plain(parser, head.clone()),
        )
    }

    fn object(&mut self, key: Term, may_be_comprehension: bool) -> Result<TermKind, Misread> {
        self.advance()?;
        let value = self.deeper(Self::term)?;
        if self.kind() != Kind::Or || !may_be_comprehension {
            return self.entries(key, value);
        }
        self.either(
            |parser| {
                parser.advance()?;
                let body = parser.body(Kind::CloseBrace, "}")?;
                let (key, value) = (Box::new(key.clone()), Box::new(value.clone()));
                Ok(TermKind::ObjectComprehension(key, value, body))
            },
            |parser| parser.entries(key.clone(), value.clone()),
        )
    }

    /// The entries of an object, of which the first was begun.
    fn entries(&mut self, key: Term, value: Term) -> Result<TermKind, Misread> {
        let value = self.deeper(|parser| parser.membership(Some(value), false))?;
        let mut entries = vec![(key, value)];
        loop {
            let comma = self.eat(Kind::Comma);
            if self.eat(Kind::CloseBrace) {
                return Ok(TermKind::Object(entries));
            }
            if !comma {
                return self.unexpected("non-terminated object");
            }
            let key = self.infix_in_list()?;
            self.expect(Kind::Colon, ":")?;
            entries.push((key, self.infix_in_list()?));
        }
    }

    fn rest_of_list(&mut self, first: Term, end: Kind, sign: &str) -> Result<Vec<Term>, Misread> {
        let mut items = vec![first];
        if self.eat(Kind::Comma) {
            items.append(&mut self.list(end, sign)?);
        } else if !self.eat(end) {
            return self.unexpected(&format!("expected \",\" or \"{sign}\""));
        }
        Ok(items)
    }

    /// Terms up to a sign, which is gone over.
    pub(super) fn list(&mut self, end: Kind, sign: &str) -> Result<Vec<Term>, Misread> {
        let mut items = Vec::new();
        loop {
            if self.eat(end) {
                return Ok(items);
            }
            items.push(self.infix_in_list()?);
            if !self.eat(Kind::Comma) && self.kind() != end {
                return self.unexpected(&format!("expected \",\" or \"{sign}\""));
            }
        }
    }

    /// What follows a term without space: keys, and arguments where it names a function.
    fn reference(&mut self, mut head: Term) -> Result<Term, Misread> {
        let mut keys = Vec::new();
        while !self.token().spaced {
            match self.kind() {
                Kind::Dot => {
                    self.advance()?;
                    if self.kind() != Kind::Word || self.token().spaced {
                        return self.unexpected("expected identifier");
                    }
                    let kind = TermKind::String(self.word().into());
                    keys.push(Term { kind, span: self.span() });
                    self.advance()?;
                }
                Kind::OpenBracket => {
                    self.advance()?;
                    let key = self.infix()?;
                    self.expect(Kind::CloseBracket, "]")?;
                    keys.push(key);
                }
                Kind::OpenParenthesis => {
                    let Some(name) = function_name(&head, &keys) else {
                        return self.unexpected("only a name can be called");
                    };
                    self.advance()?;
                    let arguments = self.list(Kind::CloseParenthesis, ")")?;
                    let is_set = name.len() == 1 && name.iter().all(|part| &**part == "set");
                    let kind = match is_set && arguments.is_empty() {
                        true => TermKind::Set(Vec::new()),
                        false => TermKind::Call(name, arguments),
                    };
                    head = Term { kind, span: head.span.to(self.last()) };
                    keys.clear();
                }
                _ => break,
            }
        }
        if keys.is_empty() {
            return Ok(head);
        }
        if let TermKind::Null | TermKind::Bool(_) | TermKind::Number(_) | TermKind::String(_) =
            head.kind
        {
            let message = "illegal ref (head cannot be a scalar)".to_owned();
            return Err(Misread::new(message, head.span));
        }
        let span = head.span.to(self.last());
        Ok(Term { kind: TermKind::Reference(Box::new(head), keys), span })
    }
}

/// The name that a term and keys spell, if they spell one.
fn function_name(head: &Term, keys: &[Term]) -> Option<Vec<Box<str>>> {
    let TermKind::Variable(first) = &head.kind else { return None };
    let rest = keys.iter().map(|key| match &key.kind {
        TermKind::String(text) => Some(text.clone()),
        _ => None,
    });
    [Some(first.clone())].into_iter().chain(rest).collect()
}
