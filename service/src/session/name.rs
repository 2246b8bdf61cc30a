//! The names that clients choose for sessions: visible, and without control characters.
//!
//! A name is compared byte by byte. A control character in it comes from a mistake, such as the line feed at the end
//! of a shell's output, and would silently make another session.

/// The reason for which a text is not a name.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum InvalidName {
    /// Nothing of the text is visible.
    Blank,
    /// A control character (Unicode category Cc), with its first byte's position.
    Control(char, usize),
}

/// Checks a name.
pub(super) fn check(name: &str) -> Result<(), InvalidName> {
    // Most names are such as "demo" or a UUID.
    if name.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Ok(());
    }
    if name.chars().all(|char| char.is_whitespace() || char.is_control() || is_ignorable(char)) {
        return Err(InvalidName::Blank);
    }
    match name.char_indices().find(|(_, char)| char.is_control()) {
        Some((position, char)) => Err(InvalidName::Control(char, position)),
        None => Ok(()),
    }
}

/// Returns whether a character has no glyph of its own: `Default_Ignorable_Code_Point` of Unicode 16, and the blank
/// Braille pattern.
fn is_ignorable(char: char) -> bool {
    matches!(u32::from(char),
        0xAD | 0x34F | 0x61C | 0x115F..=0x1160 | 0x17B4..=0x17B5 | 0x180B..=0x180F | 0x200B..=0x200F
        | 0x202A..=0x202E | 0x2060..=0x206F | 0x2800 | 0x3164 | 0xFE00..=0xFE0F | 0xFEFF | 0xFFA0 | 0xFFF0..=0xFFF8
        | 0x1_BCA0..=0x1_BCA3 | 0x1_D173..=0x1_D17A | 0xE_0000..=0xE_0FFF)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blank_name_is_rejected() {
        for name in
            [" ", "   ", "\n", "\t \r", "\u{a0}", "\u{3000}", "\u{200b}", "\u{feff}", "\u{2800}", "\u{200d} \u{e0020}"]
        {
            assert_eq!(check(name), Err(InvalidName::Blank), "{name:?}");
        }
    }

    #[test]
    fn control_character_is_rejected() {
        for (name, char, position) in
            [("a\n", '\n', 1), ("\0a", '\0', 0), ("é\u{7f}b", '\u{7f}', 2), ("a\u{85}b", '\u{85}', 1)]
        {
            assert_eq!(check(name), Err(InvalidName::Control(char, position)), "{name:?}");
        }
    }

    #[test]
    fn visible_name_is_accepted() {
        for name in ["demo", "a b", " a", "a ", "日本", "👩\u{200d}🚀", "é", "a\u{a0}b", "."] {
            assert_eq!(check(name), Ok(()), "{name:?}");
        }
    }
}
