//! Aligns rows of text in columns. Prints nothing.

/// Renders rows in columns two blanks apart. The last column is not padded, and its further lines are indented to it.
pub fn render(rows: &[Vec<String>]) -> String {
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    let widths: Vec<usize> = (0..columns)
        .map(|column| rows.iter().filter_map(|row| row.get(column)).map(|cell| width(cell)).max().unwrap_or(0))
        .collect();
    rows.iter().map(|row| line(row, &widths)).collect::<Vec<_>>().join("\n")
}

fn line(row: &[String], widths: &[usize]) -> String {
    let mut line = String::new();
    let mut indent = 0;
    for (column, cell) in row.iter().enumerate() {
        if column + 1 == row.len() {
            line += &cell.replace('\n', &format!("\n{}", " ".repeat(indent)));
            break;
        }
        let padding = widths.get(column).copied().unwrap_or(0).saturating_sub(width(cell));
        line += cell;
        line += &" ".repeat(padding + 2);
        indent += width(cell) + padding + 2;
    }
    line.trim_end().to_owned()
}

/// Returns the width of a cell on a terminal: its characters without colour codes.
fn width(cell: &str) -> usize {
    let mut coloured = false;
    cell.chars()
        .filter(|character| {
            let escape = coloured || *character == '\u{1b}';
            coloured = escape && *character != 'm';
            !escape
        })
        .count()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(cells: &[&str]) -> Vec<String> {
        cells.iter().map(|cell| (*cell).to_owned()).collect()
    }

    #[test]
    fn columns_align_and_the_last_one_is_indented() {
        let text = render(&[row(&["a", "bbb", "c"]), row(&["aaaa", "b", "first\nsecond"]), row(&["a"])]);
        assert_eq!(text, "a     bbb  c\naaaa  b    first\n           second\na");
    }

    #[test]
    fn colour_codes_have_no_width() {
        assert_eq!(width("\u{1b}[32mok\u{1b}[0m"), 2);
        assert_eq!(width("äö"), 2);
    }
}
