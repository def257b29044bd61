//! Columns of text, as wide as what is in them.

use ajj_engine::report::escape::escape;

/// Where the text of a column stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Align {
    Left,
    Right,
}

/// Writes rows below a head; the last column is not filled up.
pub(super) fn table(head: &[(&str, Align)], rows: &[Vec<String>], out: &mut String) {
    let mut widths: Vec<usize> = head.iter().map(|(name, _)| name.chars().count()).collect();
    for row in rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(escape(cell).chars().count());
        }
    }
    let names: Vec<String> = head.iter().map(|(name, _)| (*name).to_owned()).collect();
    for row in std::iter::once(&names).chain(rows) {
        let mut line = String::new();
        for ((cell, width), (_, align)) in row.iter().zip(&widths).zip(head) {
            if !line.is_empty() {
                line.push_str("  ");
            }
            let cell = escape(cell);
            match align {
                Align::Left => line.push_str(&format!("{cell:<width$}")),
                Align::Right => line.push_str(&format!("{cell:>width$}")),
            }
        }
        out.push_str(line.trim_end());
        out.push('\n');
    }
}

#[cfg(test)]
mod tests {
    use super::{Align, table};

    #[test]
    fn columns_are_as_wide_as_what_is_in_them() {
        let mut out = String::new();
        let row = |name: &str, count: &str| vec![name.to_owned(), count.to_owned()];
        let head = [("NAME", Align::Left), ("FAIL", Align::Right)];
        table(&head, &[row("längst", "7"), row("a", "12345")], &mut out);
        assert_eq!(out, "NAME     FAIL\nlängst      7\na       12345\n");
    }
}
