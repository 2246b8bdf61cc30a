//! Checks that a binary runs in an image without libraries: it has to be for the image's processor and need no loader.
//!
//! Reads the few ELF fields that show this, in the only form that our architectures use: 64 bits, little-endian.

use anyhow::{Context, ensure};

use super::Architecture;

/// The type of the program header that names a dynamic loader.
const PT_INTERP: u32 = 3;

/// Fails if the program would not start in the image.
pub(super) fn require_static(program: &[u8], architecture: Architecture) -> anyhow::Result<()> {
    let (machine, loads) = read(program).context("invalid binary: expected an ELF file for Linux")?;
    ensure!(machine == number(architecture), "the binary is not for {}", architecture.oci());
    ensure!(!loads, "the binary is linked dynamically, and the image has no libraries");
    Ok(())
}

fn number(architecture: Architecture) -> u16 {
    match architecture {
        Architecture::X86_64 => 62,
        Architecture::Arm64 => 183,
    }
}

/// Returns the program's machine number, and whether it names a dynamic loader.
fn read(program: &[u8]) -> Option<(u16, bool)> {
    let is_elf = program.starts_with(b"\x7fELF\x02\x01");
    let machine = u16::from_le_bytes(field(program, 18)?);
    let start = usize::try_from(u64::from_le_bytes(field(program, 32)?)).ok()?;
    let size = usize::from(u16::from_le_bytes(field(program, 54)?));
    let count = usize::from(u16::from_le_bytes(field(program, 56)?));
    let mut loads = false;
    for header in 0..count {
        let at = start.checked_add(header * size)?;
        loads |= u32::from_le_bytes(field(program, at)?) == PT_INTERP;
    }
    is_elf.then_some((machine, loads))
}

fn field<const N: usize>(program: &[u8], at: usize) -> Option<[u8; N]> {
    program.get(at..at.checked_add(N)?)?.try_into().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Builds a header and two program headers, of which the second has the type `second`.
    fn program(machine: u16, second: u32) -> Vec<u8> {
        let mut bytes = vec![0; 64 + 2 * 56];
        bytes[..6].copy_from_slice(b"\x7fELF\x02\x01");
        bytes[18..20].copy_from_slice(&machine.to_le_bytes());
        bytes[32] = 64;
        bytes[54] = 56;
        bytes[56] = 2;
        bytes[64] = 1;
        bytes[120..124].copy_from_slice(&second.to_le_bytes());
        bytes
    }

    fn refusal(program: &[u8]) -> String {
        require_static(program, Architecture::X86_64).unwrap_err().to_string()
    }

    #[test]
    fn only_static_binary_for_the_processor_passes() {
        require_static(&program(62, 1), Architecture::X86_64).unwrap();
        require_static(&program(183, 1), Architecture::Arm64).unwrap();
        assert!(refusal(&program(62, PT_INTERP)).contains("dynamically"));
        assert!(refusal(&program(183, 1)).contains("not for amd64"));
        assert!(refusal(b"MZ").contains("expected an ELF file"));
        assert!(refusal(&program(62, 1)[..100]).contains("expected an ELF file"));
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn binary_of_a_plain_build_is_dynamic() {
        let this = std::fs::read(std::env::current_exe().unwrap()).unwrap();
        let (machine, loads) = read(&this).unwrap();
        let machines = [Architecture::X86_64, Architecture::Arm64].map(number);
        assert!(machines.contains(&machine));
        assert!(loads || cfg!(target_feature = "crt-static"));
    }
}
