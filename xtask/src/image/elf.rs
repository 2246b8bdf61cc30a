//! Whether a program runs on an image that has nothing else: it has to be for that processor, and to need no loader.
//!
//! Reads the few fields of an ELF file that say so, in the one form that our architectures have: 64 bits, little-endian.

use anyhow::{Context, ensure};

use super::Architecture;

/// The program header that names a loader.
const PT_INTERP: u32 = 3;

/// Refuses a program that would not start.
pub(super) fn require_static(program: &[u8], architecture: Architecture) -> anyhow::Result<()> {
    let (machine, loads) = read(program).context("it is no program for Linux")?;
    ensure!(machine == number(architecture), "it is for another processor than {}", architecture.oci());
    ensure!(!loads, "it is linked dynamically, and the image has no libraries");
    Ok(())
}

fn number(architecture: Architecture) -> u16 {
    match architecture {
        Architecture::X86_64 => 62,
        Architecture::Arm64 => 183,
    }
}

/// The machine that a program is for, and whether it names a loader.
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

    /// A header and two program headers, of which the second has the type that is given.
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
    fn only_a_static_program_for_the_processor_passes() {
        require_static(&program(62, 1), Architecture::X86_64).unwrap();
        require_static(&program(183, 1), Architecture::Arm64).unwrap();
        assert!(refusal(&program(62, PT_INTERP)).contains("dynamically"));
        assert!(refusal(&program(183, 1)).contains("another processor"));
        assert!(refusal(b"MZ").contains("no program for Linux"));
        assert!(refusal(&program(62, 1)[..100]).contains("no program for Linux"));
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_program_as_rustc_links_it_is_dynamic() {
        let this = std::fs::read(std::env::current_exe().unwrap()).unwrap();
        let (machine, loads) = read(&this).unwrap();
        let machines = [Architecture::X86_64, Architecture::Arm64].map(number);
        assert!(machines.contains(&machine));
        assert!(loads || cfg!(target_feature = "crt-static"));
    }
}
