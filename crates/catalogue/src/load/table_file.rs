//! Long code lists: `codes/tables.toml` names them, their codes stand in CSV files, one a list or one an edition.

use std::collections::{BTreeMap, BTreeSet};

use csv::StringRecord;
use serde::Deserialize;
use toml::Spanned;

use super::{Loading, line_of};
use crate::code_list::{Code, CodeList, CodeSet, Edition, day_after, ended_note, period};
use crate::commune_map::{CommuneMap, Share, Successor};
use crate::error::{reason, unread};
use crate::label::Label;

const TABLES: &str = "codes/tables.toml";
const COMMUNE_MAP: &str = "codes/commune-map.csv";
/// The day since which the new communes of the map exist.
const COMMUNES_BEGIN: &str = "2025-07-01";

/// Columns every file of codes has, and columns it may have.
const NEEDED: [&str; 5] = ["code", "name_vi", "valid_from", "valid_to", "source"];
const POSSIBLE: [&str; 4] = ["name_en", "form", "parent", "successor_code"];

/// How deep codes may lie below each other.
const DEEPEST: u8 = 9;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct TablesFile {
    table: Vec<Spanned<TableFile>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct TableFile {
    name: String,
    source: String,
    #[serde(default)]
    editions: bool,
    parents: Option<String>,
    #[serde(default)]
    ended: Vec<EndedFile>,
    #[serde(default)]
    set: Vec<SetFile>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct EndedFile {
    edition: String,
    vi: String,
    en: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SetFile {
    name: String,
    vi: String,
    en: String,
    day: String,
    source: String,
    codes: Vec<String>,
}

/// Where a code was read, and what its row says beside it; parent and successor are official codes.
struct Row<'a> {
    path: &'a str,
    line: usize,
    parent: String,
    successor: String,
    source: String,
}

impl Loading {
    /// Every table of `codes/tables.toml` with its files, in the order of the tables, and the map of communes.
    pub(super) fn tables(&mut self, files: &[(String, String)]) {
        let mut unclaimed: BTreeMap<&str, &str> = files
            .iter()
            .filter(|(path, _)| path.starts_with("codes/") && path.ends_with(".csv"))
            .map(|(path, text)| (path.as_str(), text.strip_prefix('\u{feff}').unwrap_or(text)))
            .collect();
        let commune_map = unclaimed.remove(COMMUNE_MAP);
        if let Some((_, text)) = files.iter().find(|(path, _)| path == TABLES)
            && let Some(tables) = self.read::<TablesFile>(TABLES, text)
        {
            for table in tables.table {
                let line = line_of(text, table.span().start);
                let table = table.into_inner();
                let claimed: Vec<(&str, &str, Option<&str>)> =
                    unclaimed.iter().filter_map(|(path, text)| edition_in(path, &table).map(|edition| (*path, *text, edition))).collect();
                for (path, _, _) in &claimed {
                    unclaimed.remove(path);
                }
                self.table(line, table, &claimed);
            }
        }
        for path in unclaimed.keys() {
            self.problem(
                path,
                0,
                reason!("không bảng nào trong {TABLES} nhận tệp này; tệp của một bản mới mang tên danh mục và năm, ví dụ research-fields-2025.csv", "no table of {TABLES} takes this file; an edition is named after its list and year, like research-fields-2025.csv"),
            );
        }
        if let Some(text) = commune_map {
            self.commune_map(text);
        }
    }

    fn table(&mut self, line: usize, table: TableFile, files: &[(&str, &str, Option<&str>)]) {
        if files.is_empty() {
            self.problem(TABLES, line, reason!("bảng {} không có tệp", "table {} has no file", table.name));
            return;
        }
        let (mut codes, mut rows) = (Vec::new(), Vec::new());
        for (path, text, edition) in files {
            self.read_rows(path, text, *edition, &mut codes, &mut rows);
        }
        self.store_codes(&mut codes, &rows);
        let editions = if table.editions { editions_of(&codes, &rows, &table) } else { Vec::new() };
        for ended in &table.ended {
            self.labels(TABLES, line, &[&ended.vi, &ended.en]);
            if !editions.iter().any(|edition| edition.edition == ended.edition) {
                self.problem(TABLES, line, reason!("bảng {} không có bản {}", "table {} has no edition {}", table.name, ended.edition));
            }
        }
        let mut list = CodeList::new(table.name, table.source, codes, editions);
        self.link_parents(line, &mut list, &rows, table.parents);
        self.link_successors(&mut list, &rows);
        for set in table.set {
            self.labels(TABLES, line, &[&set.vi, &set.en, &set.source]);
            self.dates(TABLES, line, &[Some(&set.day)]);
            for code in &set.codes {
                if !list.get(code).is_some_and(|code| code.is_valid_on(&set.day)) {
                    self.problem(
                        TABLES,
                        line,
                        reason!(
                            "tập {} nêu {code}, không phải mã của {} vào ngày {}",
                            "set {} names {code}, which is no code of {} on {}",
                            set.name,
                            list.name,
                            set.day
                        ),
                    );
                }
            }
            let label = Label::new(set.vi, set.en);
            list.sets.push(CodeSet { name: set.name, label, day: set.day, source: set.source, codes: set.codes });
        }
        self.add_list(TABLES, line, list);
    }

    fn read_rows<'a>(&mut self, path: &'a str, text: &str, edition: Option<&str>, codes: &mut Vec<Code>, rows: &mut Vec<Row<'a>>) {
        // The reader counts lines that end in \r\n one late.
        let text = text.replace("\r\n", "\n");
        let mut reader = csv::ReaderBuilder::new().trim(csv::Trim::All).from_reader(text.as_bytes());
        let headers = reader.headers().cloned().unwrap_or_default();
        let fits = NEEDED.iter().all(|needed| headers.iter().any(|header| header == *needed))
            && headers.iter().all(|header| NEEDED.contains(&header) || POSSIBLE.contains(&header));
        if !fits {
            let (needed, possible) = (NEEDED.join(","), POSSIBLE.join(","));
            let first: String = text.lines().next().unwrap_or_default().chars().take(100).collect();
            self.problem(
                path,
                1,
                reason!(
                    "dòng tiêu đề là “{first}”; phải có {needed} và có thể có {possible}, cách nhau bằng dấu phẩy",
                    "the header is “{first}”; it must name {needed} and may name {possible}, with commas between"
                ),
            );
            return;
        }
        let place = |name: &str| headers.iter().position(|header| header == name);
        let [code, name_vi, valid_from, valid_to, source] = NEEDED.map(place);
        let [name_en, form, parent, successor] = POSSIBLE.map(place);
        let mut record = StringRecord::new();
        loop {
            match reader.read_record(&mut record) {
                Ok(true) => {}
                Ok(false) => break,
                Err(error) => {
                    let line = error.position().map_or(0, |position| position.line() as usize);
                    self.problem(path, line, unread(&error.to_string()));
                    continue;
                }
            }
            let line = record.position().map_or(0, |position| position.line() as usize);
            let cell = |place: Option<usize>| viet::nfc(place.and_then(|place| record.get(place)).unwrap_or_default()).into_owned();
            let some = |place: Option<usize>| Some(cell(place)).filter(|text| !text.is_empty());
            let official = cell(code);
            if official.is_empty() || !official.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
                self.problem(
                    path,
                    line,
                    reason!(
                        "mã “{official}” chỉ gồm chữ cái không dấu và chữ số, không có dấu cách, dấu chấm",
                        "code “{official}” must be letters and digits without blanks or points"
                    ),
                );
            }
            let name = cell(name_vi);
            self.labels(path, line, &[&name]);
            let (from, to) = (some(valid_from), some(valid_to));
            self.days(path, line, from.as_deref(), to.as_deref());
            let form = some(form);
            let vi = match &form {
                Some(form) => format!("{form} {name}"),
                None => name,
            };
            let label = Label { en: some(name_en).unwrap_or_else(|| vi.clone()), vi };
            codes.push(Code { form, valid_from: from, valid_to: to, edition: edition.map(str::to_owned), ..Code::plain(official, label) });
            rows.push(Row { path, line, parent: cell(parent), successor: cell(successor), source: cell(source) });
        }
    }

    fn days(&mut self, path: &str, line: usize, from: Option<&str>, to: Option<&str>) {
        for day in from.iter().chain(&to) {
            if day.len() != 10 || viet::PartialDate::from_iso(day).is_err() {
                self.problem(path, line, reason!("“{day}” không phải ngày dạng 2025-12-15", "“{day}” is no day like 2025-12-15"));
            }
        }
        if let (Some(from), Some(to)) = (from, to)
            && from > to
        {
            self.problem(path, line, reason!("{from} ở sau {to}", "{from} lies after {to}"));
        }
    }

    /// Gives every code what is stored for it. An official code means one thing on a day, over all editions; what is stored means one thing for ever.
    fn store_codes(&mut self, codes: &mut [Code], rows: &[Row<'_>]) {
        let mut order: Vec<usize> = (0..codes.len()).collect();
        let official = |at: &usize| codes.get(*at).map(|code| (code.official.as_str(), code.valid_from.as_deref()));
        order.sort_by(|left, right| official(left).cmp(&official(right)));
        let mut stored = Vec::new();
        let mut before: Option<&Code> = None;
        for at in order {
            let (Some(code), Some(row)) = (codes.get(at), rows.get(at)) else { continue };
            let again = before.filter(|before| before.official == code.official);
            if let Some(before) = again {
                let apart = before.valid_to.as_deref().zip(code.valid_from.as_deref()).is_some_and(|(last, first)| last < first);
                if !apart {
                    self.problem(
                        row.path,
                        row.line,
                        reason!("mã {} có hiệu lực hai lần trong cùng một ngày", "code {} is valid twice on some day", code.official),
                    );
                } else if code.edition.is_some() && code.edition == before.edition {
                    self.problem(
                        row.path,
                        row.line,
                        reason!("mã {} ghi hai lần trong cùng một bản", "code {} stands twice in the edition", code.official),
                    );
                }
            }
            match (&code.edition, &code.valid_from) {
                (Some(edition), _) => stored.push((at, format!("{}.{edition}", code.official))),
                (None, Some(from)) if again.is_some() => stored.push((at, format!("{}.{from}", code.official))),
                _ => {}
            }
            before = Some(code);
        }
        for (at, text) in stored {
            if let Some(code) = codes.get_mut(at) {
                code.code = text;
            }
        }
    }

    /// Finds the code above each code, in the same edition or in another list, and counts the levels.
    fn link_parents(&mut self, line: usize, list: &mut CodeList, rows: &[Row<'_>], parents: Option<String>) {
        let above = parents.as_ref().map(|parents| self.catalogue.lists.get(parents));
        if let (Some(parents), Some(None)) = (&parents, above) {
            self.problem(
                TABLES,
                line,
                reason!(
                    "bảng {} có mã cấp trên trong {parents}, không phải danh mục nào ở trước nó",
                    "table {} has its parents in {parents}, which is no list before it",
                    list.name
                ),
            );
            return;
        }
        let above = above.flatten();
        let mut found = Vec::new();
        let mut linked: Vec<(Option<String>, u8)> = Vec::with_capacity(rows.len());
        for (code, row) in list.codes.iter().zip(rows) {
            // What is valid since before the list has its parent there too.
            let first = code.valid_from.as_deref().unwrap_or_default();
            let parent = match (above, &code.edition) {
                _ if row.parent.is_empty() => None,
                (Some(above), _) => above.official_on(&row.parent, first),
                (None, Some(edition)) => list.get(&format!("{}.{edition}", row.parent)),
                (None, None) => list.official_on(&row.parent, first),
            };
            if parent.is_none() && !row.parent.is_empty() {
                found.push((
                    row,
                    reason!(
                        "mã cấp trên {} không có hiệu lực vào ngày đầu của {}",
                        "the parent {} is no code on the first day of {}",
                        row.parent,
                        code.official
                    ),
                ));
            }
            let level = parent.filter(|_| above.is_some()).map_or(1, |parent| parent.level.saturating_add(1));
            linked.push((parent.map(|parent| parent.code.clone()), level));
        }
        for (code, (parent, level)) in list.codes.iter_mut().zip(linked) {
            (code.parent, code.level) = (parent, level);
        }
        if above.is_none() {
            let levels: Vec<u8> = list.codes.iter().map(|code| level_of(list, code)).collect();
            for ((code, level), row) in list.codes.iter_mut().zip(levels).zip(rows) {
                code.level = level;
                if level > DEEPEST {
                    found.push((
                        row,
                        reason!(
                            "mã {} là cấp trên của chính nó hoặc sâu quá {DEEPEST} cấp",
                            "code {} lies above itself or more than {DEEPEST} levels deep",
                            code.official
                        ),
                    ));
                }
            }
        }
        for (row, reason) in found {
            self.problem(row.path, row.line, reason);
        }
        list.parents = parents;
    }

    /// Finds what took the place of each code on the day after its last.
    fn link_successors(&mut self, list: &mut CodeList, rows: &[Row<'_>]) {
        if rows.iter().all(|row| row.successor.is_empty()) {
            return;
        }
        let mut successors = Vec::with_capacity(rows.len());
        for (code, row) in list.codes.iter().zip(rows) {
            let next = code.valid_to.as_deref().and_then(day_after);
            let successor = next.filter(|_| !row.successor.is_empty()).and_then(|next| {
                let place = list.official_place(&row.successor, &next)?;
                list.codes.get(place).is_some_and(|code| code.is_valid_on(&next)).then_some(place)
            });
            if successor.is_none() && !row.successor.is_empty() {
                self.problem(
                    row.path,
                    row.line,
                    reason!(
                        "mã kế tiếp {} không có hiệu lực vào ngày sau valid_to",
                        "the successor {} is no code on the day after valid_to",
                        row.successor
                    ),
                );
            }
            successors.push(successor);
        }
        list.link_successors(successors);
    }

    fn commune_map(&mut self, text: &str) {
        let mut found = Vec::new();
        let mut pairs: Vec<(String, Successor)> = Vec::new();
        let mut suggested = BTreeSet::new();
        let communes = self.catalogue.lists.get("communes");
        let mut reader = csv::ReaderBuilder::new().flexible(true).from_reader(text.as_bytes());
        let mut row = StringRecord::new();
        while reader.read_record(&mut row).unwrap_or(false) {
            let line = row.position().map_or(0, |position| position.line() as usize);
            let cell = |place: usize| row.get(place).unwrap_or_default().trim();
            let (old, new) = (cell(0), cell(1));
            let (share, default) = match (cell(2), cell(3)) {
                ("whole", "") => (Share::Whole, false),
                ("part", "") => (Share::Part, false),
                ("part", "default") => (Share::Part, true),
                _ => {
                    found.push((
                        line,
                        reason!(
                            "mỗi dòng là old_code,new_code và whole hoặc part; một phần của mỗi mã cũ ghi default",
                            "a row must be old_code,new_code and whole or part, and for one part of each old code default"
                        ),
                    ));
                    continue;
                }
            };
            if default && !suggested.insert(old.to_owned()) {
                found.push((line, reason!("{old} có hai nơi default", "{old} has two default targets")));
            }
            match communes.and_then(|communes| communes.official_on(new, COMMUNES_BEGIN)) {
                Some(commune) => pairs.push((old.to_owned(), Successor { code: commune.code.clone(), share, default })),
                None => found.push((
                    line,
                    reason!("{new} không phải xã, phường vào ngày {COMMUNES_BEGIN}", "{new} is no commune on {COMMUNES_BEGIN}"),
                )),
            }
        }
        let map = CommuneMap::new(pairs);
        for (old, successors) in map.iter() {
            if successors.len() > 1 && successors.iter().any(|successor| successor.share == Share::Whole) {
                found.push((
                    0,
                    reason!(
                        "{old} vừa nằm trọn trong một xã vừa nằm trong xã khác",
                        "{old} lies whole in one commune and in another one too"
                    ),
                ));
            }
        }
        self.catalogue.communes = map;
        for (line, reason) in found {
            self.problem(COMMUNE_MAP, line, reason);
        }
    }
}

/// Whether a file belongs to a table, and as which edition.
fn edition_in<'a>(path: &'a str, table: &TableFile) -> Option<Option<&'a str>> {
    let rest = path.strip_prefix("codes/")?.strip_suffix(".csv")?.strip_prefix(table.name.as_str())?;
    if !table.editions {
        return rest.is_empty().then_some(None);
    }
    let edition = rest.strip_prefix('-')?;
    (edition.len() == 4 && edition.bytes().all(|byte| byte.is_ascii_digit())).then_some(Some(edition))
}

/// How far below the top of its own list a code lies; more than [`DEEPEST`] when it lies above itself.
fn level_of(list: &CodeList, code: &Code) -> u8 {
    let mut level = 1;
    let mut at = code;
    while let Some(parent) = at.parent.as_deref().and_then(|parent| list.get(parent)) {
        level += 1;
        if level > DEEPEST {
            break;
        }
        at = parent;
    }
    level
}

/// The editions of the codes, the earliest first. One that has ended says since when, and what replaced it, if anything did.
fn editions_of(codes: &[Code], rows: &[Row<'_>], table: &TableFile) -> Vec<Edition> {
    let mut by_edition: BTreeMap<&str, Vec<(&Code, &Row<'_>)>> = BTreeMap::new();
    for (code, row) in codes.iter().zip(rows) {
        by_edition.entry(code.edition.as_deref().unwrap_or_default()).or_default().push((code, row));
    }
    let mut editions = Vec::new();
    let mut of_editions = by_edition.iter().peekable();
    while let Some((edition, members)) = of_editions.next() {
        let (valid_from, valid_to) = period(members.iter().map(|(code, _)| *code));
        let next = of_editions.peek().map(|(next, _)| **next);
        let note = valid_to.as_deref().map(|last| match (next, table.ended.iter().find(|ended| ended.edition == *edition)) {
            (None, Some(ended)) => Label::new(ended.vi.clone(), ended.en.clone()),
            _ => ended_note(last, next),
        });
        let source = members.iter().map(|(_, row)| row.source.as_str()).find(|source| !source.is_empty()).unwrap_or(&table.source);
        editions.push(Edition { edition: (*edition).to_owned(), valid_from, valid_to, source: source.to_owned(), note });
    }
    editions
}
