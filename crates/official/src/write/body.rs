//! The body: headings with their numbers, paragraphs, tables, lines to fill in, boxes to tick.

use std::io;

use super::block::{Align, Block, Level, Row, Table};
use super::closing::signatures;
use super::error::{MOST_COLUMNS, WriteError};
use super::sheet::{Orientation, Sheet};

/// Writes the blocks. When something `closes` the document, a paragraph at the end of the body stays on its page, so that no signature stands alone.
pub(super) fn write(sheet: &mut Sheet<'_>, body: &[Block], closes: bool) -> io::Result<()> {
    let mut numbers = HeadingNumbers::default();
    blocks(sheet, body, Orientation::Portrait, &mut numbers, closes)
}

/// Looks at every table before anything is written.
pub(super) fn check(body: &[Block]) -> Result<(), WriteError> {
    check_tables(body, &mut 0)
}

/// Writes a table on the page as it lies.
pub(super) fn table(sheet: &mut Sheet<'_>, table: &Table) -> io::Result<()> {
    let widths = widths(table, sheet.text_width());
    sheet.begin_grid(&widths)?;
    sheet.begin_row(true)?;
    for (column, width) in table.columns.iter().zip(&widths) {
        sheet.begin_head_cell(*width)?;
        sheet.line("CellHead", &column.title)?;
        sheet.end_cell()?;
    }
    sheet.end_row()?;
    if table.numbered {
        sheet.begin_row(true)?;
        for (at, width) in widths.iter().enumerate() {
            cell(sheet, *width, "CellNumber", &format!("({})", at + 1), false)?;
        }
        sheet.end_row()?;
    }
    for row in &table.rows {
        sheet.begin_row(false)?;
        match row {
            Row::Cells(cells) => one_row(sheet, table, &widths, cells, false)?,
            Row::Total(cells) => one_row(sheet, table, &widths, cells, true)?,
            Row::Group(words) => {
                sheet.begin_cell_over(widths.iter().sum(), widths.len())?;
                sheet.line("CellGroup", words)?;
                sheet.end_cell()?;
            }
        }
        sheet.end_row()?;
    }
    sheet.end_table()
}

fn blocks(sheet: &mut Sheet<'_>, list: &[Block], lies: Orientation, numbers: &mut HeadingNumbers, closes: bool) -> io::Result<()> {
    for (at, block) in list.iter().enumerate() {
        if let Block::Landscape(inner) = block {
            blocks(sheet, inner, Orientation::Landscape, numbers, false)?;
            continue;
        }
        sheet.turn(lies)?;
        match block {
            Block::Heading { level, text } => heading(sheet, *level, text, numbers)?,
            Block::Paragraph { align, runs } => {
                let style = match align {
                    Align::Both => "Body",
                    Align::Left => "BodyLeft",
                    Align::Centre => "BodyCentre",
                    Align::Right => "BodyRight",
                };
                if closes && at + 1 == list.len() {
                    sheet.paragraph_kept_with_next(style, runs)?;
                } else {
                    sheet.paragraph(style, runs)?;
                }
            }
            Block::Table(inner) => table(sheet, inner)?,
            Block::Signatures { left, right } => signatures(sheet, left, right)?,
            Block::FormLine { label, value: Some(value) } => sheet.line("FormLine", &format!("{} {value}", label.trim_end()))?,
            Block::FormLine { label, value: None } => {
                let style = if lies == Orientation::Landscape { "FormLineWide" } else { "FormLine" };
                sheet.line(style, &format!("{} \t", label.trim_end()))?;
            }
            Block::Ticks(ticks) => {
                for tick in ticks {
                    sheet.tick(&tick.text, tick.ticked)?;
                }
            }
            Block::PageBreak => sheet.page_break()?,
            Block::Landscape(_) => {}
        }
    }
    Ok(())
}

fn heading(sheet: &mut Sheet<'_>, level: Level, text: &str, numbers: &mut HeadingNumbers) -> io::Result<()> {
    let count = numbers.next(level);
    match level {
        Level::Part => sheet.line("Heading1", &format!("Phần {}\n{}", viet::to_roman(count), text.to_uppercase())),
        Level::Section => sheet.line("Heading2", &format!("{}. {text}", viet::to_roman(count))),
        Level::Clause => sheet.line("Heading3", &format!("{count}. {text}")),
        Level::Point => sheet.line("Heading4", &format!("{}) {text}", letter(count))),
    }
}

fn one_row(sheet: &mut Sheet<'_>, table: &Table, widths: &[u32], cells: &[String], bold: bool) -> io::Result<()> {
    for ((column, width), words) in table.columns.iter().zip(widths).zip(cells) {
        let style = match column.align {
            Align::Left => "CellLeft",
            Align::Centre => "CellCentre",
            Align::Right => "CellRight",
            Align::Both => "CellBoth",
        };
        cell(sheet, *width, style, words, bold)?;
    }
    Ok(())
}

fn cell(sheet: &mut Sheet<'_>, width: u32, style: &str, words: &str, bold: bool) -> io::Result<()> {
    sheet.begin_cell(width)?;
    sheet.cell_text(style, words, bold)?;
    sheet.end_cell()
}

/// The columns' shares of the width; what rounding leaves goes to the last.
fn widths(table: &Table, across: u32) -> Vec<u32> {
    let shares: Vec<u32> = table.columns.iter().map(|column| u32::from(column.share.max(1))).collect();
    let all: u32 = shares.iter().sum();
    let mut widths: Vec<u32> = shares.iter().map(|share| across * share / all).collect();
    let given: u32 = widths.iter().sum();
    if let Some(last) = widths.last_mut() {
        *last += across - given;
    }
    widths
}

fn check_tables(list: &[Block], tables: &mut usize) -> Result<(), WriteError> {
    for block in list {
        match block {
            Block::Landscape(inner) => check_tables(inner, tables)?,
            Block::Table(table) => {
                *tables += 1;
                let columns = table.columns.len();
                if columns == 0 || columns > MOST_COLUMNS {
                    return Err(WriteError::Columns { table: *tables, columns });
                }
                for (at, row) in table.rows.iter().enumerate() {
                    if let Row::Cells(cells) | Row::Total(cells) = row
                        && cells.len() != columns
                    {
                        return Err(WriteError::Row { table: *tables, row: at + 1, cells: cells.len(), columns });
                    }
                }
            }
            _ => {}
        }
    }
    Ok(())
}

/// How far each level has been counted.
#[derive(Default)]
struct HeadingNumbers {
    part: u32,
    section: u32,
    clause: u32,
    point: u32,
}

impl HeadingNumbers {
    fn next(&mut self, level: Level) -> u32 {
        let here = match level {
            Level::Part => {
                (self.section, self.clause, self.point) = (0, 0, 0);
                &mut self.part
            }
            Level::Section => {
                (self.clause, self.point) = (0, 0);
                &mut self.section
            }
            Level::Clause => {
                self.point = 0;
                &mut self.clause
            }
            Level::Point => &mut self.point,
        };
        *here += 1;
        *here
    }
}

/// Points are lettered in the order of the Vietnamese alphabet; after "y" the letters are doubled.
fn letter(count: u32) -> String {
    const LETTERS: [char; 23] =
        ['a', 'b', 'c', 'd', 'đ', 'e', 'g', 'h', 'i', 'k', 'l', 'm', 'n', 'o', 'p', 'q', 'r', 's', 't', 'u', 'v', 'x', 'y'];
    let at = count.saturating_sub(1) as usize;
    let letter = LETTERS.get(at % LETTERS.len()).copied().unwrap_or('a');
    std::iter::repeat_n(letter, at / LETTERS.len() + 1).collect()
}

#[cfg(test)]
mod tests {
    use super::super::block::Column;
    use super::*;

    #[test]
    fn headings_count_anew_below_each_other() {
        let mut numbers = HeadingNumbers::default();
        let levels =
            [Level::Section, Level::Clause, Level::Point, Level::Point, Level::Clause, Level::Point, Level::Section, Level::Clause];
        let counted: Vec<u32> = levels.into_iter().map(|level| numbers.next(level)).collect();
        assert_eq!(counted, [1, 1, 1, 2, 2, 1, 2, 1]);
    }

    #[test]
    fn points_follow_the_vietnamese_alphabet() {
        let letters: Vec<String> = [1, 4, 5, 7, 23, 24].into_iter().map(letter).collect();
        assert_eq!(letters, ["a", "d", "đ", "g", "y", "aa"]);
    }

    #[test]
    fn columns_fill_the_width_whatever_their_shares() {
        for shares in [vec![1, 1, 1], vec![0, 0], vec![7], vec![65_535, 1, 300], vec![1; 63]] {
            let columns = shares.iter().map(|share| Column::new("", *share, Align::Left)).collect();
            let widths = widths(&Table { columns, ..Table::default() }, 9354);
            assert_eq!(widths.iter().sum::<u32>(), 9354);
        }
    }
}
