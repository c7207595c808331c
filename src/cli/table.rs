// SPDX-License-Identifier: Apache-2.0
//! Columns that line up, whatever is painted in them.

use super::style::Style;

/// To which side a column leans.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Align {
    /// Words.
    Left,
    /// Numbers.
    Right,
}

/// Rows of cells below a head.
#[derive(Debug)]
pub struct Table {
    head: Vec<(&'static str, Align)>,
    rows: Vec<Vec<(String, String)>>,
}

impl Table {
    /// An empty table with its columns' titles.
    pub fn new(head: &[(&'static str, Align)]) -> Self {
        Self {
            head: head.to_vec(),
            rows: Vec::new(),
        }
    }

    /// Adds a row of cells, each as it is painted and as it would be without colours.
    pub fn row(&mut self, cells: Vec<(String, String)>) {
        self.rows.push(cells);
    }

    /// The lines of the table; columns that hold nothing are left out.
    pub fn lines(&self, style: Style) -> Vec<String> {
        let widths: Vec<usize> = (0..self.head.len())
            .map(|column| self.width(column))
            .collect();
        let titles = self
            .head
            .iter()
            .map(|(title, _)| (style.dim(title), (*title).to_owned()))
            .collect();
        std::iter::once(&titles)
            .chain(&self.rows)
            .map(|cells| self.line(cells, &widths))
            .collect()
    }

    fn width(&self, column: usize) -> usize {
        let cells = self.rows.iter().filter_map(|row| row.get(column));
        let widest = cells
            .map(|(_, plain)| plain.chars().count())
            .max()
            .unwrap_or(0);
        if widest == 0 {
            0
        } else {
            widest.max(self.head.get(column).map_or(0, |(title, _)| title.len()))
        }
    }

    fn line(&self, cells: &[(String, String)], widths: &[usize]) -> String {
        let mut line = String::new();
        for (((painted, plain), (_, align)), width) in cells.iter().zip(&self.head).zip(widths) {
            if *width == 0 {
                continue;
            }
            if !line.is_empty() {
                line.push_str("  ");
            }
            let blank = " ".repeat(width.saturating_sub(plain.chars().count()));
            match align {
                Align::Left => line.extend([painted.as_str(), &blank]),
                Align::Right => line.extend([&blank, painted.as_str()]),
            }
        }
        line.trim_end().to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_line_up_and_empty_ones_are_left_out() {
        let mut table = Table::new(&[
            ("NAME", Align::Left),
            ("LEFT", Align::Left),
            ("FRAMES", Align::Right),
        ]);
        let cell = |text: &str| (text.to_owned(), text.to_owned());
        table.row(vec![cell("shot_010"), cell(""), cell("12")]);
        table.row(vec![cell("a"), cell(""), cell("1,200")]);
        assert_eq!(
            table.lines(Style::new(false)),
            ["NAME      FRAMES", "shot_010      12", "a          1,200"]
        );
    }
}
