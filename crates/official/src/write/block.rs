//! What the body of a document is made of.

/// A piece of the body, in reading order. `\n` in any text is a line break, `\t` a tab.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Block {
    /// A heading; its number is counted by the writer.
    Heading {
        /// Which of the four levels.
        level: Level,
        /// The words after the number.
        text: String,
    },
    /// A paragraph of 14 points.
    Paragraph {
        /// [`Align::Both`] with the first line 1.27 cm in, as Appendix I asks for the content; the others begin at the margin.
        align: Align,
        /// The words.
        runs: Vec<Run>,
    },
    /// A table as wide as the text.
    Table(Table),
    /// Two people who sign side by side, as in minutes. Decree 30's sample of minutes puts the secretary on the left and the chair on the right.
    Signatures {
        /// Who signs on the left.
        left: Signatory,
        /// Who signs on the right.
        right: Signatory,
    },
    /// A line to fill in: "Họ và tên: ……".
    FormLine {
        /// What is asked for, with its colon.
        label: String,
        /// What is known already; dots up to the right margin when `None`.
        value: Option<String>,
    },
    /// Boxes to tick, one a line.
    Ticks(Vec<Tick>),
    /// What follows begins on a new page.
    PageBreak,
    /// Blocks on landscape pages of their own, for wide tables (Appendix I, part I, section I.2). Inside another landscape block nothing changes.
    Landscape(Vec<Block>),
}

impl Block {
    /// A justified paragraph of plain words.
    pub fn text(text: impl Into<String>) -> Block {
        Block::paragraph(vec![Run::plain(text)])
    }

    /// A justified paragraph.
    pub fn paragraph(runs: Vec<Run>) -> Block {
        Block::Paragraph { align: Align::Both, runs }
    }

    /// A centred paragraph.
    pub fn centred(runs: Vec<Run>) -> Block {
        Block::Paragraph { align: Align::Centre, runs }
    }

    /// A heading.
    pub fn heading(level: Level, text: impl Into<String>) -> Block {
        Block::Heading { level, text: text.into() }
    }
}

/// How deep a heading stands. A heading starts the count of the levels below it anew.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// "Phần I" on a line of its own, the title below in capitals, centred and bold.
    Part,
    /// "I." bold.
    Section,
    /// "1." bold.
    Clause,
    /// "a)" upright, lettered in the order of the Vietnamese alphabet (a, b, c, d, đ, e, g …).
    Point,
}

/// Words of one look.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Run {
    /// The words, kept as they are; control characters are dropped.
    pub text: String,
    /// Bold.
    pub bold: bool,
    /// Italic.
    pub italic: bool,
}

impl Run {
    /// Plain words.
    pub fn plain(text: impl Into<String>) -> Run {
        Run { text: text.into(), ..Run::default() }
    }

    /// Bold words.
    pub fn bold(text: impl Into<String>) -> Run {
        Run { text: text.into(), bold: true, italic: false }
    }

    /// Italic words.
    pub fn italic(text: impl Into<String>) -> Run {
        Run { text: text.into(), bold: false, italic: true }
    }
}

/// Where the words of a line stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Align {
    /// At the left.
    #[default]
    Left,
    /// In the middle.
    Centre,
    /// At the right, for numbers and money.
    Right,
    /// Justified.
    Both,
}

/// A table. Its header row is printed again on every page; a row is not torn between two pages.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Table {
    /// 1 to 63 columns.
    pub columns: Vec<Column>,
    /// Whether a row (1) (2) (3) … follows the header.
    pub numbered: bool,
    /// The rows.
    pub rows: Vec<Row>,
}

/// A column.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Column {
    /// The words at its head.
    pub title: String,
    /// Its width in proportion to the other columns; 0 counts as 1. The table always fills the width of the text.
    pub share: u16,
    /// How its cells stand.
    pub align: Align,
}

impl Column {
    /// A column.
    pub fn new(title: impl Into<String>, share: u16, align: Align) -> Column {
        Column { title: title.into(), share, align }
    }
}

/// A row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Row {
    /// One text a column.
    Cells(Vec<String>),
    /// The same in bold: a sum.
    Total(Vec<String>),
    /// One bold text over all columns: the head of a group.
    Group(String),
}

impl From<Vec<String>> for Row {
    fn from(cells: Vec<String>) -> Row {
        Row::Cells(cells)
    }
}

/// Someone who signs beside another.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Signatory {
    /// In what capacity, printed in capitals: "Thư ký", "Chủ tọa", "Chủ tịch Hội đồng".
    pub role: String,
    /// The name; left free when `None`.
    pub name: Option<String>,
}

/// A box and its words.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Tick {
    /// The words behind the box.
    pub text: String,
    /// Whether it is ticked.
    pub ticked: bool,
}
