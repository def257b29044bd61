//! Reads any YAML document, from the events of a complete parser.

mod aliases;
mod problem;

use std::borrow::Cow;
use std::sync::Arc;

use base64::Engine;
use granit_parser::{Event, Parser, ScalarStyle, Span, StructureStyle, Tag};

use self::aliases::{Anchors, Budget};
use super::scalar::{self, Scalar, Unfit};
use crate::read::{Chunk, Limits, Parsed, ReadError};
use crate::tree::Builder;

/// Reads one document; places are recorded where `places` says so.
pub(crate) fn parse(
    text: &Arc<str>,
    chunk: &Chunk,
    limits: &Limits,
    places: bool,
) -> Result<Parsed, ReadError> {
    let document = text.get(chunk.start..chunk.end).unwrap_or_default();
    let options = granit_parser::options! {
        flow_nesting_limit: limits.max_depth_yaml,
        block_nesting_limit: limits.max_depth_yaml,
        emit_anchor_events: true,
    };
    let mut reader = Reader {
        document,
        base: chunk.start,
        builder: Builder::new(Arc::clone(text), places),
        frames: Vec::new(),
        flow_depth: 0,
        anchors: Anchors::default(),
        budget: Budget::new(limits),
        end: chunk.start as u32,
        warnings: Vec::new(),
        has_document: false,
    };
    for event in Parser::new_from_str_with_options(document, options) {
        match event {
            Ok((event, span)) => reader.take(event, &span)?,
            Err(error) => {
                let quote = reader.scalar_start(b"\"'");
                return Err(problem::syntax(&error, document, chunk.start, quote));
            }
        }
    }
    let Reader { builder, warnings, .. } = reader;
    let (tree, places) = builder.finish().map_err(ReadError::from)?;
    Ok(Parsed { tree, places, warnings })
}

/// An open list or map.
struct Frame {
    /// The anchor that names it, or 0.
    anchor: usize,
    /// What had been read where it began.
    budget: Budget,
    /// The numbers of its merge entries.
    merges: Vec<usize>,
    /// The keys that are booleans: which, their number, and their place.
    booleans: Vec<(bool, usize, Place)>,
    /// How many keys there were so far.
    keys: usize,
    /// Whether the value that comes next is to be merged.
    merge_next: bool,
    is_flow: bool,
}

struct Reader<'t> {
    document: &'t str,
    /// Where the document begins in the whole text.
    base: usize,
    builder: Builder,
    frames: Vec<Frame>,
    /// How many of the open lists and maps stand between brackets.
    flow_depth: usize,
    anchors: Anchors,
    budget: Budget,
    /// The end of the last thing read.
    end: u32,
    warnings: Vec<ReadError>,
    has_document: bool,
}

type Place = (u32, u32);

/// White space of YAML.
const WHITE: [char; 4] = [' ', '\t', '\n', '\r'];

impl<'t> Reader<'t> {
    fn take(&mut self, event: Event<'t>, span: &Span) -> Result<(), ReadError> {
        match event {
            Event::DocumentStart(..) if self.has_document => {
                let place = self.place(span);
                return Err(ReadError::new(
                    "yaml-syntax",
                    "expected the end of the document, found another",
                    place,
                )
                .help("write `---` on a line of its own between two documents"));
            }
            Event::DocumentStart(..) => self.has_document = true,
            Event::Scalar(text, style, anchor, tag) => {
                self.scalar(&text, style, anchor, tag.as_deref(), span)?;
            }
            Event::SequenceStart(style, anchor, _) => self.open(false, style, anchor, span)?,
            Event::MappingStart(style, anchor, _) => self.open(true, style, anchor, span)?,
            Event::SequenceEnd | Event::MappingEnd => self.close(span)?,
            Event::Anchor(_, name) => check_anchor(&name, self.place(span))?,
            Event::Alias(anchor) => {
                let place = self.place(span);
                check_anchor(self.text_at(place).trim_start_matches('*'), place)?;
                self.alias(anchor, place)?;
            }
            _ => {}
        }
        Ok(())
    }

    /// The byte range of an event in the whole text, without white space behind it.
    fn place(&self, span: &Span) -> Place {
        let start = span.start.byte_offset().unwrap_or_default();
        let end = span.end.byte_offset().unwrap_or(start).max(start);
        let written = self.document.get(start..end).unwrap_or_default().trim_end_matches(WHITE);
        ((self.base + start) as u32, (self.base + start + written.len()) as u32)
    }

    fn open(
        &mut self,
        is_map: bool,
        style: StructureStyle,
        anchor: usize,
        span: &Span,
    ) -> Result<(), ReadError> {
        let mut place = self.place(span);
        if style == StructureStyle::Block {
            if !is_map && self.builder.expects_value() {
                // The parser counts a list in the column of its key from behind the first `-`.
                place.0 = self.scalar_start(b"-").unwrap_or(place.0);
            }
            place.1 = place.0;
        }
        if self.builder.expects_key() {
            return Err(ReadError::new(
                "yaml-syntax",
                "expected a text as key, found a list or map",
                place,
            )
            .help("Kubernetes only knows keys that are texts"));
        }
        let before = self.budget;
        self.budget.node(0).map_err(|problem| problem.at(place))?;
        self.frames.push(Frame {
            anchor,
            budget: before,
            merges: Vec::new(),
            booleans: Vec::new(),
            keys: 0,
            merge_next: false,
            is_flow: style == StructureStyle::Flow,
        });
        self.flow_depth += usize::from(style == StructureStyle::Flow);
        if is_map {
            self.builder.open_map(place);
        } else {
            self.builder.open_list(place);
        }
        self.end = place.1;
        Ok(())
    }

    fn close(&mut self, span: &Span) -> Result<(), ReadError> {
        let (_, end) = self.place(span);
        let is_flow = span.end.byte_offset() > span.start.byte_offset();
        if is_flow {
            self.end = end;
        }
        let Some(frame) = self.frames.pop() else { return Ok(()) };
        self.flow_depth -= usize::from(frame.is_flow);
        if frame.merges.is_empty() {
            self.drop_equal_booleans(&frame);
            self.builder.close_at(self.end).map_err(ReadError::from)?;
        } else {
            let overridden = self.builder.close_merging(&frame.merges, self.end);
            for entry in overridden.map_err(ReadError::from)? {
                let message = format!(
                    "the merge after key `{}` overrides its value, as kubectl does",
                    entry.key
                );
                self.warnings.push(
                    ReadError::new("merge-order", message, entry.place)
                        .help("write `<<` before the map's own keys"),
                );
            }
        }
        self.complete(frame.anchor, &frame.budget, None)
    }

    /// Lets the last of several keys count that are the same boolean, spelled differently (`y` and
    /// `on`), as go-yaml does. Keys that are spelled alike stay, and are refused.
    fn drop_equal_booleans(&mut self, frame: &Frame) {
        // There are 22 spellings: where there are more keys, some are spelled alike.
        if frame.booleans.len() > 22 {
            return;
        }
        let mut dropped = Vec::new();
        for (position, (value, number, place)) in frame.booleans.iter().enumerate() {
            let later = frame.booleans.get(position + 1..).unwrap_or_default();
            let mut equal =
                later.iter().filter(|(other, ..)| other == value).map(|(.., other)| *other);
            let Some(next) = equal.next() else { continue };
            let spelled = self.text_at(*place);
            if std::iter::once(next).chain(equal).any(|other| self.text_at(other) == spelled) {
                continue;
            }
            dropped.push(*number);
            let message = format!(
                "keys `{spelled}` and `{}` are both `{value}`: only the last counts, as for kubectl",
                self.text_at(next)
            );
            let warning = ReadError::new("boolean-key", message, *place);
            self.warnings.push(warning.help("put the keys into quotes"));
        }
        self.builder.drop_entries(&dropped);
    }

    /// Does what a completed node asks for: remembers its anchor, checks that it can be merged.
    fn complete(
        &mut self,
        anchor: usize,
        before: &Budget,
        key: Option<Result<Option<String>, Unfit>>,
    ) -> Result<(), ReadError> {
        if anchor != 0
            && let Some(node) = self.builder.last()
        {
            self.anchors.define(anchor, node, self.budget.since(before), key);
        }
        let Some(frame) = self.frames.last_mut() else { return Ok(()) };
        if std::mem::take(&mut frame.merge_next) && !self.builder.can_merge_last() {
            let place = (self.end, self.end);
            return Err(ReadError::new(
                "yaml-syntax",
                "expected a map or a list of maps to merge under `<<`",
                place,
            ));
        }
        Ok(())
    }

    fn alias(&mut self, anchor: usize, place: Place) -> Result<(), ReadError> {
        self.end = place.1;
        let Some(target) = self.anchors.get(anchor) else {
            return Err(ReadError::new(
                "yaml-syntax",
                "the alias stands inside of what it stands for",
                place,
            ));
        };
        let node = target.node;
        self.budget.repeat(&target.size).map_err(|problem| problem.at(place))?;
        if self.builder.expects_key() {
            match target.key.clone() {
                Some(Ok(None)) => self.builder.repeat(node, place),
                Some(Ok(Some(key))) => self.builder.string(&key, place),
                Some(Err(unfit)) => return Err(problem::unfit(unfit, self.text_at(place), place)),
                None => {
                    return Err(ReadError::new(
                        "yaml-syntax",
                        "expected a text as key, found a list or map",
                        place,
                    ));
                }
            }
            self.count_key(false);
            return Ok(());
        }
        self.builder.repeat(node, place);
        self.complete(0, &Budget::default(), None)
    }

    fn count_key(&mut self, is_merge: bool) {
        if let Some(frame) = self.frames.last_mut() {
            if is_merge {
                frame.merges.push(frame.keys);
                frame.merge_next = true;
            }
            frame.keys += 1;
        }
    }

    fn text_at(&self, place: Place) -> &'t str {
        let start = (place.0 as usize).saturating_sub(self.base);
        let end = (place.1 as usize).saturating_sub(self.base);
        self.document.get(start..end).unwrap_or_default()
    }

    fn scalar(
        &mut self,
        text: &str,
        style: ScalarStyle,
        anchor: usize,
        tag: Option<&Tag>,
        span: &Span,
    ) -> Result<(), ReadError> {
        let mut place = self.place(span);
        if let ScalarStyle::Literal | ScalarStyle::Folded = style {
            // The parser does not count the header.
            place.0 = self.scalar_start(b"|>").unwrap_or(place.0);
            let written = self.text_at(place).trim_end_matches(WHITE).len();
            place.1 = place.0 + written as u32;
        }
        // An empty node comes as `~`.
        let is_empty = style == ScalarStyle::Plain
            && (text.is_empty() || (text == "~" && self.text_at(place) != "~"));
        if is_empty && tag.is_some() && self.flow_depth > 0 {
            // go-yaml counts a comma as a part of the tag.
            return Err(ReadError::new("yaml-syntax", "expected a value behind the tag", place));
        }
        let text = if is_empty {
            place = self.empty_place();
            ""
        } else if self.ends_document(style, place) {
            text.strip_suffix('\n').unwrap_or(text)
        } else {
            text
        };
        if style == ScalarStyle::Plain && self.flow_depth > 0 {
            self.check_flow_scalar(text, place)?;
        }
        let before = self.budget;
        self.budget.node(text.len()).map_err(|problem| problem.at(place))?;
        let decoded = tag.and_then(|tag| binary(tag, text));
        let resolved = match (&decoded, tag) {
            (Some(Ok(_)), _) => Scalar::Text,
            (Some(Err(())), _) => {
                return Err(ReadError::new(
                    "yaml-syntax",
                    "expected base64 behind `!!binary`",
                    place,
                ));
            }
            (None, Some(tag)) => tagged(tag, text).map_err(|wanted| {
                let message = format!("expected {wanted} as the tag says, found `{text}`");
                ReadError::new("yaml-syntax", message, place)
            })?,
            (None, None) if style == ScalarStyle::Plain => scalar::resolve(text),
            (None, None) => Scalar::Text,
        };
        let content = match &decoded {
            Some(Ok(content)) => Cow::Borrowed(content.as_str()),
            _ => Cow::Borrowed(text),
        };
        self.end = place.1;
        let is_key = self.builder.expects_key();
        if is_key {
            if resolved == Scalar::Merge {
                self.builder.null(place);
                self.count_key(true);
                return Ok(());
            }
            match scalar::key(&resolved).map_err(|unfit| problem::unfit(unfit, &content, place))? {
                Some(key) if key == *content => self.string(&content, place),
                Some(key) => self.builder.string(&key, place),
                None => self.string(&content, place),
            }
            if let (Scalar::Bool(value), Some(frame)) = (&resolved, self.frames.last_mut()) {
                frame.booleans.push((*value, frame.keys, place));
            }
            self.count_key(false);
        } else if resolved == Scalar::Text {
            self.string(&content, place);
        } else {
            scalar::add_value(&mut self.builder, &resolved, place)
                .map_err(|unfit| problem::unfit(unfit, &content, place))?;
        }
        let key = (anchor != 0).then(|| scalar::key(&resolved));
        self.complete(anchor, &before, key)
    }

    /// Refuses plain scalars inside of brackets that go-yaml reads as something else.
    fn check_flow_scalar(&self, text: &str, place: Place) -> Result<(), ReadError> {
        let behind = (place.1 as usize).saturating_sub(self.base);
        let error = match self.document.as_bytes().get(behind..) {
            Some([b':', b',' | b'[' | b']' | b'{' | b'}', ..]) => {
                ReadError::new("yaml-syntax", "expected a space behind `:`", (place.1, place.1 + 1))
                    .help("some readers take the `:` for a part of the text")
            }
            _ if text.contains('?') => ReadError::new(
                "yaml-syntax",
                "found `?` in a text without quotes between brackets",
                place,
            )
            .help("put the text into quotes"),
            _ => return Ok(()),
        };
        Err(error)
    }

    /// Whether a block scalar ends with the document and without a line break, of which go-yaml
    /// then makes none.
    fn ends_document(&self, style: ScalarStyle, place: Place) -> bool {
        let from = (place.1 as usize).saturating_sub(self.base);
        let behind = self.document.get(from..).unwrap_or_default();
        matches!(style, ScalarStyle::Literal | ScalarStyle::Folded)
            && !behind.contains(['\n', '\r'])
    }

    /// Adds a string, borrowed from the source where it stands there as it reads.
    fn string(&mut self, content: &str, place: Place) {
        let written = self.text_at(place);
        for skip in [0, 1] {
            if written.get(skip..skip + content.len()) == Some(content) {
                let start = place.0 + skip as u32;
                self.builder.source_string(start, content.len() as u32, place);
                return;
            }
        }
        self.builder.string(content, place);
    }

    /// Where a node stands of which nothing is written: behind the `:` or `-` that announces it.
    fn empty_place(&self) -> Place {
        let from = (self.end as usize).saturating_sub(self.base);
        let bytes = self.document.as_bytes();
        let end = match next_token(bytes, from) {
            announced if matches!(bytes.get(announced), Some(b':' | b'-')) => announced + 1,
            _ => from,
        };
        let end = (self.base + end) as u32;
        (end, end)
    }

    /// Where the next scalar begins, if with one of these bytes.
    fn scalar_start(&self, quotes: &[u8]) -> Option<u32> {
        let from = (self.end as usize).saturating_sub(self.base);
        let bytes = self.document.as_bytes();
        let mut position = next_token(bytes, from);
        loop {
            match bytes.get(position)? {
                byte if quotes.contains(byte) => return Some((self.base + position) as u32),
                b':' | b'-' | b'?' => position = next_token(bytes, position + 1),
                b'&' | b'!' => {
                    let rest = bytes.get(position..)?;
                    let length = rest.iter().position(u8::is_ascii_whitespace)?;
                    position = next_token(bytes, position + length);
                }
                _ => return None,
            }
        }
    }
}

/// The next byte that is neither white space nor comment.
fn next_token(bytes: &[u8], mut position: usize) -> usize {
    while let Some(next) = bytes.get(position) {
        match next {
            b' ' | b'\t' | b'\r' | b'\n' => position += 1,
            b'#' => {
                let rest = bytes.get(position..).unwrap_or_default();
                position += memchr::memchr(b'\n', rest).unwrap_or(rest.len());
            }
            _ => break,
        }
    }
    position
}

/// Refuses names of anchors that go-yaml would end earlier.
fn check_anchor(name: &str, place: Place) -> Result<(), ReadError> {
    if name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-')) {
        return Ok(());
    }
    let message =
        format!("expected letters, digits, `_` and `-` as name of an anchor, found `{name}`");
    Err(ReadError::new("yaml-syntax", message, place)
        .help("put a text that begins with `&` or `*` into quotes"))
}

/// What a tag makes of a scalar, as go-yaml v2 does (`resolve.go`, `resolve`).
fn tagged<'a>(tag: &Tag, text: &'a str) -> Result<Scalar<'a>, &'static str> {
    let name = tag.suffix_in_namespace("tag:yaml.org,2002:");
    let resolved = scalar::resolve(text);
    match (name.as_deref(), resolved) {
        (Some("null"), Scalar::Null) => Ok(Scalar::Null),
        (Some("null"), _) => Err("null"),
        (Some("bool"), value @ Scalar::Bool(_)) => Ok(value),
        (Some("bool"), _) => Err("a boolean"),
        (Some("int"), value @ (Scalar::Int(_) | Scalar::BigInt(_))) => Ok(value),
        (Some("int"), _) => Err("an integer"),
        (Some("float"), value @ (Scalar::Int(_) | Scalar::BigInt(_) | Scalar::Float(_))) => {
            Ok(value)
        }
        (Some("float"), _) => Err("a number"),
        (Some("merge"), Scalar::Merge) => Ok(Scalar::Merge),
        _ => Ok(Scalar::Text),
    }
}

/// The content of a `!!binary` scalar; bytes that are no UTF-8 become U+FFFD, as in Go's JSON.
fn binary(tag: &Tag, text: &str) -> Option<Result<String, ()>> {
    if tag.suffix_in_namespace("tag:yaml.org,2002:").as_deref() != Some("binary") {
        return None;
    }
    let compact: String = text.split_whitespace().collect();
    let bytes = base64::engine::general_purpose::STANDARD.decode(compact);
    Some(bytes.map_err(|_| ()).map(|bytes| {
        let mut content = String::new();
        for part in bytes.utf8_chunks() {
            content.push_str(part.valid());
            content.extend(part.invalid().iter().map(|_| char::REPLACEMENT_CHARACTER));
        }
        content
    }))
}
