//! Tokens to modules: statements, and what all parts of the parser share.

mod body;
mod rule;
mod term;

use super::ast::{Import, Module};
use super::lexer::{Kind, Token, Tokens};
use super::{MAX_DEPTH, Misread, Source, Span, Version};

/// Words that are keywords only where the version or an import says so.
#[derive(Clone, Copy, Debug, Default)]
struct Keywords {
    contains: bool,
    every: bool,
    r#if: bool,
    r#in: bool,
    /// Whether `not` may be followed by a body.
    not_body: bool,
}

impl Keywords {
    const ALL: Self = Self { contains: true, every: true, r#if: true, r#in: true, not_body: false };
}

/// Words that are keywords everywhere.
const KEYWORDS: &[&str] =
    &["as", "default", "else", "false", "import", "not", "null", "package", "some", "true", "with"];

struct Parser<'s> {
    text: &'s str,
    tokens: &'s [Token],
    at: usize,
    keywords: Keywords,
    version: Version,
    depth: usize,
    /// How many tokens may still be looked at: what can be read in two ways is read twice, and
    /// again inside.
    steps: usize,
}

/// Reads a module from its tokens.
pub(super) fn module(source: &Source, tokens: Tokens) -> Result<Module, Misread> {
    let v1 = source.version == Version::V1;
    let mut parser = Parser {
        text: &source.text,
        tokens: &tokens.tokens,
        at: 0,
        keywords: if v1 { Keywords::ALL } else { Keywords::default() },
        version: source.version,
        depth: 0,
        steps: 1_000 + 64 * tokens.tokens.len(),
    };
    let (package, package_span) = parser.package()?;
    let (mut imports, mut rules) = (Vec::new(), Vec::new());
    while parser.kind() != Kind::End {
        if parser.is_keyword("import") && !parser.is_reference_ahead() {
            let import = parser.import()?;
            parser.activate(&import)?;
            imports.push(import);
        } else if parser.is_keyword("package") && !parser.is_reference_ahead() {
            return parser.error("unexpected package keyword: there is one already");
        } else {
            parser.rules(&mut rules)?;
        }
        parser.eat(Kind::Semicolon);
    }
    let version = parser.version;
    Ok(Module { package, package_span, imports, rules, comments: tokens.comments, version })
}

impl Parser<'_> {
    fn token(&self) -> Token {
        let end = Token { kind: Kind::End, span: Span::default(), spaced: true, on_new_line: true };
        self.tokens.get(self.at).or(self.tokens.last()).copied().unwrap_or(end)
    }

    fn ahead(&self) -> Token {
        self.tokens.get(self.at + 1).copied().unwrap_or(self.token())
    }

    fn kind(&self) -> Kind {
        self.token().kind
    }

    fn span(&self) -> Span {
        self.token().span
    }

    /// Where the last token ended.
    fn last(&self) -> Span {
        self.at
            .checked_sub(1)
            .and_then(|at| self.tokens.get(at))
            .map_or(Span::default(), |t| t.span)
    }

    fn word(&self) -> &str {
        match self.kind() {
            Kind::Word => self.span().text(self.text),
            _ => "",
        }
    }

    fn advance(&mut self) -> Result<(), Misread> {
        match self.steps.checked_sub(1) {
            Some(left) => self.steps = left,
            None => {
                let message = "the module can be read in too many ways";
                return Err(Misread { is_final: true, ..Misread::new(message, self.span()) });
            }
        }
        if self.at + 1 < self.tokens.len() {
            self.at += 1;
        }
        Ok(())
    }

    /// Goes over a sign if it is there; running out of steps shows at the next word.
    fn eat(&mut self, kind: Kind) -> bool {
        let found = self.kind() == kind;
        if found && self.at + 1 < self.tokens.len() {
            self.at += 1;
        }
        found
    }

    fn expect(&mut self, kind: Kind, wanted: &str) -> Result<(), Misread> {
        match self.kind() == kind {
            true => self.advance(),
            false => self.unexpected(&format!("expected {wanted}")),
        }
    }

    fn error<T>(&self, message: impl Into<String>) -> Result<T, Misread> {
        Err(Misread::new(message, self.span()))
    }

    /// In OPA's words: what was found and, if that is known, what was wanted.
    fn unexpected<T>(&self, note: &str) -> Result<T, Misread> {
        let word = self.word();
        let found = match self.kind() {
            Kind::End => "eof token".to_owned(),
            Kind::Word if self.is_reserved(word) => format!("{word} keyword"),
            Kind::Word => "identifier token".to_owned(),
            Kind::Number => "number token".to_owned(),
            Kind::String | Kind::RawString => "string token".to_owned(),
            _ => format!("{} token", self.span().text(self.text)),
        };
        let colon = if note.is_empty() { "" } else { ": " };
        self.error(format!("unexpected {found}{colon}{note}"))
    }

    /// Whether a word is a keyword here.
    fn is_reserved(&self, word: &str) -> bool {
        KEYWORDS.contains(&word) || self.is_future_keyword(word)
    }

    fn is_future_keyword(&self, word: &str) -> bool {
        match word {
            "contains" => self.keywords.contains,
            "every" => self.keywords.every,
            "if" => self.keywords.r#if,
            "in" => self.keywords.r#in,
            _ => false,
        }
    }

    /// Whether a keyword comes, and not a name.
    fn is_keyword(&self, word: &str) -> bool {
        self.word() == word && self.is_reserved(word)
    }

    /// Whether a dot or bracket follows the word that comes: then it is a name, keyword or not.
    fn is_reference_ahead(&self) -> bool {
        let ahead = self.ahead();
        !ahead.spaced && matches!(ahead.kind, Kind::Dot | Kind::OpenBracket)
    }

    /// Goes one level deeper.
    fn deeper<T>(
        &mut self,
        read: impl FnOnce(&mut Self) -> Result<T, Misread>,
    ) -> Result<T, Misread> {
        if self.depth == MAX_DEPTH {
            let message = format!("nested more than {MAX_DEPTH} levels deep");
            return Err(Misread { is_final: true, ..Misread::new(message, self.span()) });
        }
        self.depth += 1;
        let found = read(self);
        self.depth -= 1;
        found
    }

    /// Reads in one way and, where that fails, from the same place in another.
    fn either<T>(
        &mut self,
        first: impl FnOnce(&mut Self) -> Result<T, Misread>,
        second: impl FnOnce(&mut Self) -> Result<T, Misread>,
    ) -> Result<T, Misread> {
        let at = self.at;
        let failed = match first(self) {
            Ok(found) => return Ok(found),
            Err(failed) if failed.is_final => return Err(failed),
            Err(failed) => failed,
        };
        self.at = at;
        second(self).map_err(|other| failed.or(other))
    }

    fn package(&mut self) -> Result<(Vec<Box<str>>, Span), Misread> {
        if !self.is_keyword("package") {
            return match self.kind() {
                Kind::End => self.error("empty module"),
                _ => self.error("package expected"),
            };
        }
        let start = self.span();
        self.advance()?;
        let path = self.path("expected path")?;
        Ok((path, start.to(self.last())))
    }

    fn import(&mut self) -> Result<Import, Misread> {
        let start = self.span();
        self.advance()?;
        let path_span = self.span();
        let path = self.path("expected path")?;
        let root: Box<str> = path.first().cloned().unwrap_or_default();
        if !matches!(&*root, "data" | "input" | "future" | "rego") {
            let message = format!(
                "unexpected import path, must begin with one of: {{data, future, input, rego}}, got: {root}"
            );
            return Err(Misread::new(message, path_span));
        }
        let mut alias = None;
        if self.is_keyword("as") {
            self.advance()?;
            if self.kind() != Kind::Word || self.is_reserved(self.word()) {
                return self.unexpected("expected var");
            }
            alias = Some(self.word().into());
            self.advance()?;
        }
        let import = Import { path, alias, span: start.to(self.last()) };
        let name = import.name();
        if &*root != "future" && self.is_reserved(name) {
            let message =
                format!("unexpected import path, must not end with a keyword, got: {name}");
            return Err(Misread::new(message, path_span));
        }
        Ok(import)
    }

    /// Names with dots, or with texts in brackets.
    fn path(&mut self, wanted: &str) -> Result<Vec<Box<str>>, Misread> {
        if self.kind() != Kind::Word {
            return self.unexpected(wanted);
        }
        let mut path = vec![self.word().into()];
        self.advance()?;
        while !self.token().spaced {
            match self.kind() {
                Kind::Dot => {
                    self.advance()?;
                    if self.kind() != Kind::Word || self.token().spaced {
                        return self.unexpected("expected identifier");
                    }
                    path.push(self.word().into());
                    self.advance()?;
                }
                Kind::OpenBracket => {
                    self.advance()?;
                    if !matches!(self.kind(), Kind::String | Kind::RawString) {
                        return self.unexpected("expecting string");
                    }
                    path.push(self.literal_text()?);
                    self.expect(Kind::CloseBracket, "]")?;
                }
                _ => break,
            }
        }
        Ok(path)
    }

    /// Makes the keywords known that an import brings.
    fn activate(&mut self, import: &Import) -> Result<(), Misread> {
        let path: Vec<&str> = import.path.iter().map(AsRef::as_ref).collect();
        let wrong = |message: String| Err(Misread::new(message, import.span));
        match path.as_slice() {
            ["rego", "v1"] => {
                self.keywords = Keywords { not_body: self.keywords.not_body, ..Keywords::ALL };
                self.version = Version::V1;
            }
            ["rego", ..] => {
                return wrong(format!("invalid import `{}`, must be `rego.v1`", path.join(".")));
            }
            ["future", "keywords"] => {
                self.keywords = Keywords { not_body: self.keywords.not_body, ..Keywords::ALL };
            }
            ["future", "keywords", word] => match *word {
                "contains" => self.keywords.contains = true,
                "every" => {
                    self.keywords.every = true;
                    self.keywords.r#in = true;
                }
                "if" => self.keywords.r#if = true,
                "in" => self.keywords.r#in = true,
                "not" => self.keywords.not_body = true,
                _ => {
                    return wrong(format!(
                        "unexpected keyword, must be one of [contains every if in not], got: {word}"
                    ));
                }
            },
            ["future", ..] => {
                return wrong("invalid import, must be `future.keywords`".to_owned());
            }
            _ => {}
        }
        Ok(())
    }
}
