//! Byte sizes as people write them: `64KiB`, `10MB`, `1G`.

use crate::duration::scaled;

/// Reads a size: `K`, `M`, `G`, `T` and `KiB`... count in 1024, `KB`... in 1000, a bare number in bytes.
///
/// # Errors
/// A text that says what was expected, with an example; clap adds the argument and what was given.
pub(crate) fn parse(text: &str) -> Result<u64, String> {
    read(text.trim()).ok_or_else(|| "expected a size in bytes like 4096, 64KiB, 10MB or 1G".into())
}

/// Reads a limit: a size, or `0` or `unlimited` for none.
///
/// # Errors
/// As [`parse`].
pub(crate) fn parse_limit(text: &str) -> Result<u64, String> {
    if text.trim().eq_ignore_ascii_case("unlimited") { Ok(0) } else { parse(text) }
}

/// Reads a limit that fits into 32 bits.
///
/// # Errors
/// As [`parse`], also for 4 GiB and more.
pub(crate) fn parse_limit_u32(text: &str) -> Result<u32, String> {
    u32::try_from(parse_limit(text)?).map_err(|_| "must be below 4 GiB, like 64KiB".into())
}

fn read(text: &str) -> Option<u64> {
    let number_len = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    let (number, unit) = text.split_at(number_len);
    let unit = match unit.trim().to_ascii_lowercase().as_str() {
        "" | "b" => 1,
        "k" | "ki" | "kib" => 1 << 10,
        "m" | "mi" | "mib" => 1 << 20,
        "g" | "gi" | "gib" => 1 << 30,
        "t" | "ti" | "tib" => 1 << 40,
        "kb" => 1_000,
        "mb" => 1_000_000,
        "gb" => 1_000_000_000,
        "tb" => 1_000_000_000_000,
        _ => return None,
    };
    u64::try_from(scaled(number, unit)?).ok()
}

/// Writes a size with one digit behind the point, as in `1.5 MiB`.
pub(crate) fn human(bytes: u64) -> String {
    let units = [("TiB", 1_u64 << 40), ("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10)];
    for (unit, size) in units {
        if bytes >= size {
            let tenths = u128::from(bytes) * 10 / u128::from(size);
            return format!("{}.{} {unit}", tenths / 10, tenths % 10);
        }
    }
    format!("{bytes} B")
}

#[cfg(test)]
mod tests;
