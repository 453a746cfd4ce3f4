//! The map of provinces: our own schematic grid, one tile a province, with the special zones Hoàng Sa (Đà Nẵng) and Trường Sa (Khánh Hòa) always drawn
//! and labelled (Decree 18/2020/NĐ-CP). The layout is data (`data/provinces-2025.tiles`, by the statistics codes of Decision 19/2025/QĐ-TTg).

use std::collections::BTreeMap;

use askama::Template;

use crate::lang::{Lang, Texts};

/// The map of the 34 provinces with a value in each tile, and the same values as a table.
#[derive(Template, Debug, Clone, PartialEq, Eq)]
#[template(path = "parts/province_map.html")]
pub struct ProvinceMap {
    /// What is shown: title of the picture and caption of the table.
    pub title: String,
    /// A name for the element, unique on the page.
    pub id: String,
    /// The heading of the values, e.g. "Việc quá hạn".
    pub unit: String,
    /// Values by the province's statistics code (`48`). A province without a value shows a dash.
    pub values: BTreeMap<String, ProvinceValue>,
    /// The interface texts.
    pub texts: Texts,
}

/// The value of one province.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ProvinceValue {
    /// The value as it is written, short (it stands in a tile).
    pub text: String,
    /// How strong the tile is coloured: 0 (not at all) to 4.
    pub level: u8,
    /// Where the province's list is.
    pub href: Option<String>,
}

/// The provinces as of 1 July 2025 in the order of their codes: code, Vietnamese name, English name.
pub fn provinces() -> impl Iterator<Item = (&'static str, &'static str, &'static str)> {
    PROVINCES.iter().map(|(code, vi, en, _)| (*code, *vi, *en))
}

/// The side of a tile in the picture's units.
const SIDE: usize = 100;
const LAYOUT: &str = include_str!("../../data/provinces-2025.tiles");

struct Tile {
    name: &'static str,
    short: &'static str,
    value: String,
    level: u8,
    href: Option<String>,
    x: usize,
    y: usize,
    middle: usize,
    name_y: usize,
    value_y: usize,
}

struct Archipelago {
    code: &'static str,
    name: &'static str,
    under: String,
    x: usize,
    y: usize,
    middle: usize,
    name_y: usize,
    under_y: usize,
}

impl ProvinceMap {
    /// A map without values yet.
    pub fn new(texts: Texts, id: impl Into<String>, title: impl Into<String>, unit: impl Into<String>) -> ProvinceMap {
        ProvinceMap { title: title.into(), id: id.into(), unit: unit.into(), values: BTreeMap::new(), texts }
    }

    fn has_links(&self) -> bool {
        self.values.values().any(|value| value.href.is_some())
    }

    fn tiles(&self) -> Vec<Tile> {
        let mut tiles = Vec::with_capacity(PROVINCES.len());
        for (code, column, row) in places() {
            let Some((_, vi, en, short)) = PROVINCES.iter().find(|(known, ..)| *known == code) else { continue };
            let value = self.values.get(code);
            tiles.push(Tile {
                name: match self.texts.lang {
                    Lang::Vi => vi,
                    Lang::En => en,
                },
                short,
                value: value.map_or_else(|| "–".to_owned(), |value| value.text.clone()),
                level: value.map_or(0, |value| value.level.min(4)),
                href: value.and_then(|value| value.href.clone()),
                x: column * SIDE,
                y: row * SIDE,
                middle: column * SIDE + 48,
                name_y: row * SIDE + 42,
                value_y: row * SIDE + 82,
            });
        }
        tiles
    }

    fn archipelagos(&self) -> Vec<Archipelago> {
        let mut drawn = Vec::with_capacity(2);
        for (code, column, row) in places() {
            let (name, province) = match code {
                "HS" => ("Hoàng Sa", "48"),
                "TS" => ("Trường Sa", "56"),
                _ => continue,
            };
            let under = PROVINCES.iter().find(|(known, ..)| *known == province).map_or("", |(_, vi, en, _)| match self.texts.lang {
                Lang::Vi => vi,
                Lang::En => en,
            });
            drawn.push(Archipelago {
                code,
                name,
                under: format!("({under})"),
                x: column * SIDE,
                y: row * SIDE,
                middle: column * SIDE + SIDE - 2,
                name_y: row * SIDE + 42,
                under_y: row * SIDE + 82,
            });
        }
        drawn
    }

    fn rows(&self) -> Vec<Tile> {
        let mut rows = self.tiles();
        rows.sort_by_key(|tile| PROVINCES.iter().position(|(_, vi, en, _)| *vi == tile.name || *en == tile.name));
        rows
    }

    fn view_box(&self) -> String {
        let columns = places()
            .map(|(code, column, _)| column + if code.starts_with(|c: char| c.is_ascii_digit()) { 1 } else { 2 })
            .max()
            .unwrap_or(0);
        let rows = places().map(|(_, _, row)| row + 1).max().unwrap_or(0);
        format!("-2 -2 {} {}", columns * SIDE + 2, rows * SIDE + 2)
    }
}

/// Code, column and row of every tile; a column is three characters wide.
fn places() -> impl Iterator<Item = (&'static str, usize, usize)> {
    LAYOUT
        .lines()
        .enumerate()
        .flat_map(|(row, line)| line.split_whitespace().filter_map(move |code| line.find(code).map(|at| (code, at / 3, row))))
}

/// Statistics code, Vietnamese name, English name, short name in the tile.
const PROVINCES: [(&str, &str, &str, &str); 34] = [
    ("01", "Hà Nội", "Ha Noi", "HN"),
    ("04", "Cao Bằng", "Cao Bang", "CB"),
    ("08", "Tuyên Quang", "Tuyen Quang", "TQ"),
    ("11", "Điện Biên", "Dien Bien", "ĐB"),
    ("12", "Lai Châu", "Lai Chau", "LCh"),
    ("14", "Sơn La", "Son La", "SL"),
    ("15", "Lào Cai", "Lao Cai", "LCa"),
    ("19", "Thái Nguyên", "Thai Nguyen", "TNg"),
    ("20", "Lạng Sơn", "Lang Son", "LS"),
    ("22", "Quảng Ninh", "Quang Ninh", "QNi"),
    ("24", "Bắc Ninh", "Bac Ninh", "BN"),
    ("25", "Phú Thọ", "Phu Tho", "PT"),
    ("31", "Hải Phòng", "Hai Phong", "HP"),
    ("33", "Hưng Yên", "Hung Yen", "HY"),
    ("37", "Ninh Bình", "Ninh Binh", "NB"),
    ("38", "Thanh Hóa", "Thanh Hoa", "TH"),
    ("40", "Nghệ An", "Nghe An", "NA"),
    ("42", "Hà Tĩnh", "Ha Tinh", "HT"),
    ("44", "Quảng Trị", "Quang Tri", "QTr"),
    ("46", "Huế", "Hue", "Huế"),
    ("48", "Đà Nẵng", "Da Nang", "ĐNg"),
    ("51", "Quảng Ngãi", "Quang Ngai", "QNg"),
    ("52", "Gia Lai", "Gia Lai", "GL"),
    ("56", "Khánh Hòa", "Khanh Hoa", "KH"),
    ("66", "Đắk Lắk", "Dak Lak", "ĐL"),
    ("68", "Lâm Đồng", "Lam Dong", "LĐ"),
    ("75", "Đồng Nai", "Dong Nai", "ĐN"),
    ("79", "Hồ Chí Minh", "Ho Chi Minh City", "HCM"),
    ("80", "Tây Ninh", "Tay Ninh", "TN"),
    ("82", "Đồng Tháp", "Dong Thap", "ĐT"),
    ("86", "Vĩnh Long", "Vinh Long", "VL"),
    ("91", "An Giang", "An Giang", "AG"),
    ("92", "Cần Thơ", "Can Tho", "CT"),
    ("96", "Cà Mau", "Ca Mau", "CM"),
];

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn every_province_has_exactly_one_tile() {
        let mut codes: Vec<&str> = places().map(|(code, ..)| code).collect();
        codes.sort_unstable();
        let mut expected: Vec<&str> = PROVINCES.iter().map(|(code, ..)| *code).chain(["HS", "TS"]).collect();
        expected.sort_unstable();
        assert_eq!(codes, expected);
        let distinct: BTreeSet<(usize, usize)> = places().map(|(_, column, row)| (column, row)).collect();
        assert_eq!(distinct.len(), 36);
        let short: BTreeSet<&str> = PROVINCES.iter().map(|(.., short)| *short).collect();
        assert_eq!(short.len(), 34, "short names are distinct");
    }

    #[test]
    fn both_archipelagos_are_drawn_and_labelled_in_every_language_and_at_every_size() {
        let stylesheet = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/assets/lienvung.css")).unwrap();
        for lang in Lang::ALL {
            let map = ProvinceMap::new(lang.texts(), "m", "Việc quá hạn", "việc").to_string();
            for (code, name) in [("HS", "Hoàng Sa"), ("TS", "Trường Sa")] {
                let group = map
                    .split("<g ")
                    .find(|group| group.contains(&format!("data-code=\"{code}\"")))
                    .unwrap_or_else(|| panic!("no tile {code}"));
                let group = group.split("</g>").next().unwrap();
                assert!(group.contains("<rect") && group.contains("<circle"), "{name} has a shape: {group}");
                assert!(group.contains(&format!(">{name}</text>")), "{name} has a label: {group}");
                assert!(map.split("<tbody>").nth(1).unwrap().contains(name), "{name} stands in the table");
            }
        }
        // No rule may hide the group or a part of it, on any screen or on paper.
        for rule in stylesheet.split('}').filter(|rule| rule.contains("archipelago")) {
            assert!(
                !rule.contains("display:none") && !rule.contains("display: none") && !rule.contains("hidden") && !rule.contains("opacity"),
                "{rule}"
            );
        }
    }

    #[test]
    fn values_stand_in_words_in_the_tile_and_in_the_table() {
        let mut map = ProvinceMap::new(Lang::Vi.texts(), "m", "Việc quá hạn", "việc");
        map.values.insert("66".into(), ProvinceValue { text: "17".into(), level: 3, href: Some("/chi-dao?tinh=66".into()) });
        let html = map.to_string();
        assert_eq!(html.matches(">17<").count(), 2, "{html}");
        assert!(html.contains("level-3") && !html.contains("style="), "{html}");
    }
}
