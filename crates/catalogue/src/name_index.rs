//! Codes by name, however the name is typed.

use crate::code_list::Code;

/// Names of a list, ordered by their folded form.
#[derive(Debug, Clone)]
pub(crate) struct NameIndex {
    names: Vec<Name>,
    /// What may stand before a name, folded, with the form it means: ("tp", "thành phố").
    forms: Vec<(String, String)>,
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Name {
    folded: String,
    /// Place of the code.
    at: usize,
    /// With the marks, wherever the tone stands.
    key: String,
}

/// Forms as they are shortened before a name.
const SHORT_FORMS: [(&str, &str); 2] = [("tp", "thành phố"), ("p", "phường")];

impl NameIndex {
    pub(crate) fn of(codes: &[Code]) -> NameIndex {
        let mut names = Vec::with_capacity(codes.len());
        let mut forms: Vec<(String, String)> = Vec::new();
        for (at, code) in codes.iter().enumerate() {
            let name = name_of(code.name(), at);
            if code.label.en != code.label.vi {
                let english = name_of(&code.label.en, at);
                if english.folded != name.folded {
                    names.push(english);
                }
            }
            names.push(name);
            if let Some(form) = &code.form
                && !forms.iter().any(|(_, known)| known == form)
            {
                forms.push((folded(form), form.clone()));
            }
        }
        for (short, long) in SHORT_FORMS {
            if forms.iter().any(|(_, form)| form == long) {
                forms.push((short.to_owned(), long.to_owned()));
            }
        }
        names.sort_unstable();
        NameIndex { names, forms }
    }

    /// Codes that bear the name and fit, the exact spellings first.
    pub(crate) fn find<'a>(&self, typed: &str, codes: &'a [Code], fits: impl Fn(&Code) -> bool) -> Vec<&'a Code> {
        let name = name_of(typed, 0);
        let mut found = self.bearers(&name.folded, &name.key, codes, &fits);
        for (written, form) in &self.forms {
            let Some(rest) = name.folded.strip_prefix(written.as_str()).and_then(|rest| rest.strip_prefix(' ')) else { continue };
            // The key has the same syllables as the folded name.
            let key = name.key.splitn(written.split(' ').count() + 1, ' ').last().unwrap_or_default();
            let mut bearers = self.bearers(rest, key, codes, &fits);
            if bearers.iter().any(|(_, code)| code.form.as_ref() == Some(form)) {
                bearers.retain(|(_, code)| code.form.as_ref() == Some(form));
            }
            found.extend(bearers);
        }
        // Who types marks means them; who types none may have left them out.
        if viet::has_marks(typed) && found.iter().any(|(exact, _)| *exact) {
            found.retain(|(exact, _)| *exact);
        }
        found.sort_by_key(|(exact, _)| !exact);
        let mut bearers: Vec<&Code> = Vec::new();
        for (_, code) in found {
            if !bearers.iter().any(|known| known.code == code.code) {
                bearers.push(code);
            }
        }
        bearers
    }

    /// Codes of one folded name, each with whether the marks agree too.
    fn bearers<'a>(&self, name: &str, key: &str, codes: &'a [Code], fits: &impl Fn(&Code) -> bool) -> Vec<(bool, &'a Code)> {
        let from = self.names.partition_point(|known| known.folded.as_str() < name);
        let rest = self.names.get(from..).unwrap_or_default();
        let mut found = Vec::new();
        for known in rest.iter().take_while(|known| known.folded == name) {
            if let Some(code) = codes.get(known.at).filter(|code| fits(code)) {
                found.push((known.key == key, code));
            }
        }
        found
    }
}

fn name_of(text: &str, at: usize) -> Name {
    let syllables: Vec<&str> = viet::syllables(text).map(|syllable| syllable.text).collect();
    Name { folded: folded(text), at, key: viet::key(&syllables.join(" ")) }
}

/// Syllables without marks, one blank between them: "Bà Rịa - Vũng Tàu" → "ba ria vung tau".
fn folded(text: &str) -> String {
    let mut name = String::with_capacity(text.len());
    for syllable in viet::syllables(text) {
        if !name.is_empty() {
            name.push(' ');
        }
        name.push_str(&syllable.folded());
    }
    name
}
