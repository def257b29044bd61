//! Lists and maps between brackets.

use super::{MAX_KEY, Reader};

impl Reader<'_> {
    /// Reads the flow collection that begins here; the position is then behind it.
    pub(super) fn flow_collection(&mut self) -> Option<()> {
        self.frames.last()?;
        self.flow.clear();
        self.flow_open()?;
        loop {
            // Invariant: here a value, or a key and its value, has to begin, or the collection
            // that was just opened has to end.
            self.flow_space()?;
            if self.is_flow_end() {
                if self.builder.is_open_empty() {
                    self.flow_close()?;
                } else {
                    return None;
                }
            } else {
                if self.flow.last() == Some(&true) {
                    self.flow_key()?;
                    self.flow_space()?;
                }
                if matches!(self.bytes.get(self.position)?, b'[' | b'{') {
                    self.flow_open()?;
                    continue;
                }
                self.flow_scalar()?;
            }
            // Behind a value: ends, then a comma.
            loop {
                if self.flow.is_empty() {
                    return Some(());
                }
                self.flow_space()?;
                if self.bytes.get(self.position) == Some(&b',') {
                    self.position += 1;
                    break;
                }
                if !self.is_flow_end() {
                    return None;
                }
                self.flow_close()?;
            }
        }
    }

    fn flow_open(&mut self) -> Option<()> {
        if self.frames.len() + self.flow.len() >= self.max_depth {
            return None;
        }
        let place = (self.position as u32, self.position as u32);
        let is_map = self.bytes.get(self.position)? == &b'{';
        if is_map {
            self.builder.open_map(place);
        } else {
            self.builder.open_list(place);
        }
        self.flow.push(is_map);
        self.position += 1;
        Some(())
    }

    fn is_flow_end(&self) -> bool {
        let end = if self.flow.last() == Some(&true) { b'}' } else { b']' };
        self.bytes.get(self.position) == Some(&end)
    }

    fn flow_close(&mut self) -> Option<()> {
        self.position += 1;
        self.flow.pop();
        self.end = self.position as u32;
        self.builder.close_at(self.end).ok()
    }

    /// Skips white space and line breaks; lines go on only where they are indented.
    fn flow_space(&mut self) -> Option<()> {
        let mut line = None;
        loop {
            match self.bytes.get(self.position)? {
                b' ' => self.position += 1,
                b'\n' => {
                    self.position += 1;
                    line = Some(self.position);
                }
                b'\t' | b'#' => return None,
                _ => break,
            }
        }
        let holder = self.frames.last()?.column;
        match line {
            Some(line) if self.position - line <= holder => None,
            _ => Some(()),
        }
    }

    fn flow_key(&mut self) -> Option<()> {
        let start = self.position;
        let is_quoted = matches!(self.bytes.get(start)?, b'"' | b'\'');
        if is_quoted {
            let key = self.quoted()?;
            self.add_quoted(&key);
        } else {
            let end = self.flow_plain()?;
            self.plain_key(end)?;
            self.position = end;
        }
        while let Some(b' ') = self.bytes.get(self.position) {
            self.position += 1;
        }
        let colon = self.position;
        if self.bytes.get(colon) != Some(&b':') || colon - start > MAX_KEY {
            return None;
        }
        self.position += 1;
        // `"a":1` is a key and a value, but `a:1` is a text.
        (is_quoted || matches!(self.bytes.get(colon + 1)?, b' ' | b'\n')).then_some(())
    }

    fn flow_scalar(&mut self) -> Option<()> {
        if matches!(self.bytes.get(self.position)?, b'"' | b'\'') {
            let scalar = self.quoted()?;
            return self.add_value(&scalar);
        }
        let end = self.flow_plain()?;
        self.add_plain(end)?;
        self.position = end;
        Some(())
    }

    /// Finds the end of the plain scalar that begins here.
    fn flow_plain(&self) -> Option<usize> {
        let start = self.position;
        match self.bytes.get(start)? {
            b'-' if !matches!(
                self.bytes.get(start + 1)?,
                b' ' | b'\n' | b',' | b'[' | b']' | b'{' | b'}'
            ) => {}
            b'-' | b'?' | b':' | b',' | b'[' | b']' | b'{' | b'}' | b'#' | b'&' | b'*' | b'!'
            | b'|' | b'>' | b'%' | b'@' | b'`' => return None,
            _ => {}
        }
        let mut position = start + 1;
        loop {
            match self.bytes.get(position)? {
                b',' | b']' | b'}' | b'\n' => break,
                b'[' | b'{' | b'#' | b'?' | b'\t' => return None,
                b':' => match self.bytes.get(position + 1)? {
                    b' ' | b'\n' => break,
                    b',' | b'[' | b']' | b'{' | b'}' | b'\t' => return None,
                    _ => {}
                },
                _ => {}
            }
            position += 1;
        }
        while self.bytes.get(position - 1) == Some(&b' ') {
            position -= 1;
        }
        Some(position)
    }
}
