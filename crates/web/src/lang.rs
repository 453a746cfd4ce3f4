//! The two languages of the product and the texts of the interface.
//!
//! The texts lie in `locales/vi/*.ftl` and `locales/en/*.ftl` (Project Fluent). Both folders hold the same files, each file the same keys with the
//! same variables; a test holds them to it. Vietnamese is written first.

use std::borrow::Cow;
use std::sync::LazyLock;

use fluent_bundle::concurrent::FluentBundle;
use fluent_bundle::{FluentArgs, FluentResource, FluentValue};
use rust_embed::RustEmbed;
use unic_langid::LanguageIdentifier;

use crate::format;

/// A language of the interface.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Lang {
    /// Vietnamese, served under `/`.
    #[default]
    Vi,
    /// English, served under `/en`.
    En,
}

impl Lang {
    /// Both languages, Vietnamese first.
    pub const ALL: [Lang; 2] = [Lang::Vi, Lang::En];

    /// The BCP 47 tag for `lang` and `hreflang`.
    pub fn code(self) -> &'static str {
        match self {
            Lang::Vi => "vi",
            Lang::En => "en",
        }
    }

    /// What stands before every path in this language: nothing, or `/en`.
    pub fn prefix(self) -> &'static str {
        match self {
            Lang::Vi => "",
            Lang::En => "/en",
        }
    }

    /// The other language.
    pub fn other(self) -> Lang {
        match self {
            Lang::Vi => Lang::En,
            Lang::En => Lang::Vi,
        }
    }

    /// Splits a request path into its language and the path as it is called in Vietnamese: `/en/chi-dao` is `(En, "/chi-dao")`.
    pub fn of_path(path: &str) -> (Lang, &str) {
        if path == "/en" || path == "/en/" {
            return (Lang::En, "/");
        }
        match path.strip_prefix("/en") {
            Some(rest) if rest.starts_with('/') => (Lang::En, rest),
            _ => (Lang::Vi, path),
        }
    }

    /// The texts in this language.
    pub fn texts(self) -> Texts {
        Texts { lang: self }
    }
}

/// A text in both languages that is not in the locale files because it comes from data (names of fields, faults, reasons).
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Label {
    /// Vietnamese.
    pub vi: String,
    /// English.
    pub en: String,
}

impl Label {
    /// Makes a label from both texts.
    pub fn new(vi: impl Into<String>, en: impl Into<String>) -> Label {
        Label { vi: vi.into(), en: en.into() }
    }

    /// The text in one language.
    pub fn get(&self, lang: Lang) -> &str {
        match lang {
            Lang::Vi => &self.vi,
            Lang::En => &self.en,
        }
    }
}

/// The interface texts of one language: a handle that costs nothing to copy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Texts {
    /// The language of the texts.
    pub lang: Lang,
}

impl Texts {
    /// The text with this key. An unknown key comes back in brackets, `⟦key⟧`, so that a page never fails for a missing text; a test finds such keys.
    pub fn get(self, key: &str) -> Cow<'static, str> {
        self.written(key, None)
    }

    /// The text with this key and its variables filled in. Whole numbers are grouped in the way of the language and choose the English plural.
    pub fn get_with(self, key: &str, values: &[(&str, &dyn Said)]) -> Cow<'static, str> {
        let mut arguments = FluentArgs::with_capacity(values.len());
        for (name, value) in values {
            arguments.set(*name, value.said());
        }
        self.written(key, Some(&arguments))
    }

    /// [`Texts::get`] under the short name that templates use.
    pub fn t(self, key: &str) -> Cow<'static, str> {
        self.get(key)
    }

    /// [`Texts::get_with`] for one variable, for templates.
    pub fn t1(self, key: &str, name: &str, value: impl Said) -> Cow<'static, str> {
        self.get_with(key, &[(name, &value)])
    }

    /// [`Texts::get_with`] for two variables, for templates.
    pub fn t2(self, key: &str, name: &str, value: impl Said, name_2: &str, value_2: impl Said) -> Cow<'static, str> {
        self.get_with(key, &[(name, &value), (name_2, &value_2)])
    }

    fn written(self, key: &str, arguments: Option<&FluentArgs<'_>>) -> Cow<'static, str> {
        let bundle: &'static Bundle = bundle_of(self.lang);
        let Some(pattern) = bundle.get_message(key).and_then(|message| message.value()) else {
            return Cow::Owned(format!("⟦{key}⟧"));
        };
        let mut errors = Vec::new();
        let text = bundle.format_pattern(pattern, arguments, &mut errors);
        if !errors.is_empty() {
            tracing::warn!(key, lang = self.lang.code(), ?errors, "an interface text could not be filled in");
        }
        // The pattern lives as long as the program, the arguments do not.
        match text {
            Cow::Borrowed(text) if arguments.is_none() => Cow::Owned(text.to_owned()),
            other => Cow::Owned(other.into_owned()),
        }
    }
}

/// What may stand in a text as a variable.
pub trait Said {
    /// The value as Fluent takes it.
    fn said(&self) -> FluentValue<'static>;
}

impl Said for str {
    fn said(&self) -> FluentValue<'static> {
        FluentValue::String(Cow::Owned(self.to_owned()))
    }
}
impl Said for String {
    fn said(&self) -> FluentValue<'static> {
        self.as_str().said()
    }
}
impl Said for Cow<'_, str> {
    fn said(&self) -> FluentValue<'static> {
        self.as_ref().said()
    }
}
impl Said for i64 {
    fn said(&self) -> FluentValue<'static> {
        FluentValue::from(*self)
    }
}
impl Said for i32 {
    fn said(&self) -> FluentValue<'static> {
        FluentValue::from(*self)
    }
}
impl Said for u64 {
    fn said(&self) -> FluentValue<'static> {
        FluentValue::from(*self)
    }
}
impl Said for usize {
    fn said(&self) -> FluentValue<'static> {
        FluentValue::from(*self)
    }
}
impl<T: Said + ?Sized> Said for &T {
    fn said(&self) -> FluentValue<'static> {
        (**self).said()
    }
}

/// The locale files as they are embedded.
#[derive(RustEmbed)]
#[folder = "locales/"]
pub struct LocaleFiles;

type Bundle = FluentBundle<FluentResource>;

static BUNDLES: LazyLock<(Bundle, Bundle)> = LazyLock::new(|| (load(Lang::Vi), load(Lang::En)));

fn bundle_of(lang: Lang) -> &'static Bundle {
    match lang {
        Lang::Vi => &BUNDLES.0,
        Lang::En => &BUNDLES.1,
    }
}

fn load(lang: Lang) -> Bundle {
    let identifier = lang.code().parse::<LanguageIdentifier>().unwrap_or_default();
    let mut bundle = Bundle::new_concurrent(vec![identifier]);
    // Isolation marks (U+2068, U+2069) would stand in links and attributes.
    bundle.set_use_isolating(false);
    match lang {
        Lang::Vi => bundle.set_formatter(Some(|value, _| whole_number(value, Lang::Vi))),
        Lang::En => bundle.set_formatter(Some(|value, _| whole_number(value, Lang::En))),
    }
    for name in LocaleFiles::iter().filter(|name| name.starts_with(lang.code())) {
        let Some(file) = LocaleFiles::get(&name) else { continue };
        let source = String::from_utf8_lossy(&file.data).into_owned();
        let resource = match FluentResource::try_new(source) {
            Ok(resource) => resource,
            Err((resource, errors)) => {
                tracing::error!(file = %name, ?errors, "a locale file has faults");
                resource
            }
        };
        if let Err(errors) = bundle.add_resource(resource) {
            tracing::error!(file = %name, ?errors, "a text stands twice in the locale files");
        }
    }
    bundle
}

fn whole_number(value: &FluentValue<'_>, lang: Lang) -> Option<String> {
    match value {
        FluentValue::Number(number) if number.value.fract() == 0.0 => Some(format::number(number.value as i64, lang)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::{BTreeMap, BTreeSet};
    use std::path::{Path, PathBuf};

    #[test]
    fn a_path_tells_its_language() {
        assert_eq!(Lang::of_path("/en"), (Lang::En, "/"));
        assert_eq!(Lang::of_path("/en/"), (Lang::En, "/"));
        assert_eq!(Lang::of_path("/en/chi-dao"), (Lang::En, "/chi-dao"));
        assert_eq!(Lang::of_path("/enough"), (Lang::Vi, "/enough"));
        assert_eq!(Lang::of_path("/chi-dao"), (Lang::Vi, "/chi-dao"));
    }

    #[test]
    fn numbers_in_texts_are_grouped_in_the_way_of_the_language() {
        assert_eq!(Lang::Vi.texts().get_with("count-results", &[("n", &1165_u64)]), "1.165 kết quả");
        assert_eq!(Lang::En.texts().get_with("count-results", &[("n", &1165_u64)]), "1,165 results");
        assert_eq!(Lang::En.texts().t1("count-results", "n", 1_u64), "1 result");
    }

    #[test]
    fn an_unknown_key_shows_itself() {
        assert_eq!(Lang::Vi.texts().get("no-such-key"), "⟦no-such-key⟧");
    }

    #[test]
    fn both_languages_have_the_same_texts_with_the_same_variables() {
        let vietnamese = files_of(Lang::Vi);
        let english = files_of(Lang::En);
        assert_eq!(vietnamese.keys().collect::<Vec<_>>(), english.keys().collect::<Vec<_>>(), "the same files");
        for (file, texts) in &vietnamese {
            let others = &english[file];
            for (key, variables) in texts {
                let Some(other) = others.get(key) else { panic!("locales/en/{file} lacks the key {key}") };
                assert_eq!(variables, other, "variables of {key} in {file}");
            }
            for key in others.keys() {
                assert!(texts.contains_key(key), "locales/vi/{file} lacks the key {key}");
            }
        }
    }

    #[test]
    fn no_locale_file_has_faults_or_repeated_keys() {
        let mut seen = BTreeSet::new();
        for name in LocaleFiles::iter() {
            let source = String::from_utf8(LocaleFiles::get(&name).unwrap().data.into_owned()).expect("UTF-8");
            assert!(FluentResource::try_new(source.clone()).is_ok(), "{name} has faults");
            for key in keys_in(&source).into_keys() {
                assert!(seen.insert((name[..2].to_owned(), key.clone())), "{key} stands twice ({name})");
            }
        }
    }

    #[test]
    fn every_text_used_exists_and_every_text_is_used() {
        let mut sources = Vec::new();
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        collect(&root.join("templates"), &mut sources);
        collect(&root.join("src"), &mut sources);
        let known: BTreeSet<String> = files_of(Lang::Vi).into_values().flat_map(BTreeMap::into_keys).collect();
        let mut quoted = BTreeSet::new();
        for path in sources {
            let text = std::fs::read_to_string(&path).unwrap();
            let text = text.split("#[cfg(test)]").next().unwrap_or_default().to_owned();
            for call in ["t(\"", "t1(\"", "t2(\"", "texts.get(\"", "texts.get_with(\"", "texts().get(\"", "texts().get_with(\""] {
                for (at, _) in text.match_indices(call) {
                    let before = text[..at].chars().next_back();
                    if call.starts_with('t') && !call.starts_with("texts") && before != Some('.') {
                        continue;
                    }
                    let key: String = text[at + call.len()..].chars().take_while(|c| *c != '"').collect();
                    assert!(known.contains(&key), "{} uses the text {key}, which no locale file has", path.display());
                }
            }
            quoted.extend(text.split('"').map(str::to_owned));
        }
        let unused: Vec<&String> = known.iter().filter(|key| !quoted.contains(*key)).collect();
        assert!(unused.is_empty(), "texts nobody uses: {unused:?}");
    }

    fn collect(folder: &Path, into: &mut Vec<PathBuf>) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() { collect(&path, into) } else { into.push(path) }
        }
    }

    fn files_of(lang: Lang) -> BTreeMap<String, BTreeMap<String, BTreeSet<String>>> {
        let folder = format!("{}/", lang.code());
        let mut files = BTreeMap::new();
        for name in LocaleFiles::iter() {
            if let Some(file) = name.strip_prefix(&folder) {
                let source = String::from_utf8(LocaleFiles::get(&name).unwrap().data.into_owned()).unwrap();
                files.insert(file.to_owned(), keys_in(&source));
            }
        }
        files
    }

    /// Keys with the variables they use. A key stands at the start of a line; its text goes on while lines are indented.
    fn keys_in(source: &str) -> BTreeMap<String, BTreeSet<String>> {
        let mut keys: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        let mut current = None;
        for line in source.lines() {
            if let Some((key, _)) = line.split_once(" =")
                && !line.starts_with([' ', '#', '}', '['])
            {
                current = Some(key.to_owned());
                keys.entry(key.to_owned()).or_default();
            }
            if let Some(key) = &current {
                for part in line.split('$').skip(1) {
                    let name: String = part.chars().take_while(|c| c.is_alphanumeric() || *c == '_' || *c == '-').collect();
                    keys.entry(key.clone()).or_default().insert(name);
                }
            }
        }
        keys
    }
}
