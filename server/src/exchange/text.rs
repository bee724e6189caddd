//! What a profile's texts may hold. No sentence here repeats them.

use icu_properties::{
    CodePointMapData, CodePointSetData,
    props::{DefaultIgnorableCodePoint, GeneralCategory as Category},
};

/// The most characters of a field.
pub(super) const MAX_FIELD_CHARACTERS: usize = 255;

/// Why `text` fits no field, where it does not.
pub(super) fn problem(text: &str) -> Option<&'static str> {
    if text.chars().count() > MAX_FIELD_CHARACTERS {
        return Some("may have 255 characters");
    }
    if text.contains(char::is_control) {
        return Some("must not have control characters");
    }
    if text.contains(reorders) {
        return Some("must not have characters that break lines or turn the direction of writing");
    }
    None
}

/// Why `name` is no username, where it is none: whoever reads it must see all of it (RFC 8264 9.16 to 9.18
/// leave out the same characters).
pub(super) fn username_problem(name: &str) -> Option<&'static str> {
    if let Some(problem) = problem(name) {
        return Some(problem);
    }
    if name.starts_with(' ') || name.ends_with(' ') || name.contains("  ") {
        return Some("must not begin or end with a space, or have two in a row");
    }
    name.contains(is_unseen).then_some("must not have invisible characters")
}

/// Separators of lines, and what embeds, overrides or isolates a direction (UAX 9, 2.1 to 2.5). The marks
/// of a direction (2.6) are left: names of mixed scripts need them, and they turn nothing around.
const fn reorders(character: char) -> bool {
    matches!(character, '\u{2028}' | '\u{2029}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// Nothing to see, or nothing that is known to be seen: formats, joiners, fillers, spaces that are not the
/// usual one, private and unassigned characters.
fn is_unseen(character: char) -> bool {
    let unseen = [
        Category::Control,
        Category::Format,
        Category::LineSeparator,
        Category::ParagraphSeparator,
        Category::PrivateUse,
        Category::Unassigned,
    ];
    let category = CodePointMapData::<Category>::new().get(character);
    unseen.contains(&category)
        || (category == Category::SpaceSeparator && character != ' ')
        || CodePointSetData::new::<DefaultIgnorableCodePoint>().contains(character)
        // A cell of braille without a dot.
        || character == '\u{2800}'
}

#[cfg(test)]
mod tests {
    use super::{problem, username_problem};

    #[test]
    fn texts_keep_to_one_line_and_one_direction() {
        for good in
            ["Ann", "\u{5d0}\u{200f} (a)", "\u{1f469}\u{200d}\u{1f680}", "\u{645}\u{200c}\u{647}", " a "]
        {
            assert_eq!(problem(good), None, "{good:?}");
        }
        for bad in ["a\0b", "a\nb", "a\u{7f}", "a\u{85}b", "a\u{2028}b", "\u{202e}nna", "a\u{2066}b"] {
            assert!(problem(bad).is_some_and(|sentence| !sentence.contains(bad)), "{bad:?}");
            assert!(username_problem(bad).is_some(), "{bad:?}");
        }
        assert_eq!(problem(&"\u{e9}".repeat(255)), None);
        assert!(problem(&"x".repeat(256)).is_some());
    }

    #[test]
    fn all_of_a_username_is_seen() {
        for good in ["ann", "Ann O'Neil", "\u{c4}nn", "\u{5d0}\u{5d1}", "\u{1f680}", "\u{ff41}", "a.b-c_d@e"]
        {
            assert_eq!(username_problem(good), None, "{good:?}");
        }
        for bad in [
            " ann",
            "ann ",
            "a  b",
            "a\u{a0}b",
            "a\u{3000}b",
            "\u{2800}",
            "ann\u{200b}",
            "a\u{200d}nn",
            "a\u{200c}nn",
            "an\u{ad}n",
            "\u{200e}ann",
            "\u{feff}ann",
            "ann\u{fe0f}",
            "ann\u{e0061}",
            "\u{3164}",
            "\u{115f}",
            "a\u{2060}b",
            "a\u{180e}b",
            "\u{fff9}a",
            "\u{e000}",
            "\u{378}",
            "\u{fdd0}",
        ] {
            assert!(username_problem(bad).is_some(), "{bad:?}");
        }
    }
}
