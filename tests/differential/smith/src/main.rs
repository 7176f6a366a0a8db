//! Random valid modules by wasm-smith, on standard output: a size of 32 bits, then so many octets.
//!
//!   kilowasm-smith SHAPE SEED COUNT
//!
//! SHAPE is a module whose imports may be used and whose exports the made ones have.

use arbitrary::Unstructured;
use std::io::{self, Write};
use wasmparser::{Operator, Parser, Payload};
use wasm_smith::{Config, InstructionKind, InstructionKinds, Module};

const OCTETS_MIN: u64 = 100;
const OCTETS_MAX: u64 = 6000;
const ULEB_MAX: u64 = 3;

/// splitmix64: a run repeats with its seed.
struct Draws(u64);

impl Draws {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut word = self.0;
        word = (word ^ (word >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        word ^ (word >> 31)
    }

    fn below(&mut self, limit: u64) -> u64 {
        self.next() % limit
    }
}

/// What the contract has: integers, one memory, one table, one result.  Where memory.fill and memory.copy may be there is no segment, because
/// some of them would be passive.
fn config(shape: &[u8], draws: &mut Draws) -> Config {
    let bulk = draws.below(2) == 0;
    let segments = if bulk { 0 } else { 4 };
    Config {
        available_imports: Some(shape.to_vec()),
        exports: Some(shape.to_vec()),
        allowed_instructions: InstructionKinds::new(&[
            InstructionKind::NumericInt,
            InstructionKind::Parametric,
            InstructionKind::Variable,
            InstructionKind::MemoryInt,
            InstructionKind::Control,
        ]),
        allow_floats: false,
        allow_start_export: false,
        bulk_memory_enabled: bulk,
        exceptions_enabled: false,
        extended_const_enabled: false,
        gc_enabled: false,
        max_data_segments: segments,
        max_element_segments: segments,
        max_elements: 20,
        max_funcs: 12,
        max_globals: 8,
        max_imports: 8,
        max_instructions: 20 + draws.below(200) as usize,
        max_memories: 0, // the exported one is added
        max_memory32_bytes: 65536,
        max_table_elements: 64,
        max_tables: 1,
        max_tags: 0,
        max_type_size: 200,
        max_types: 20,
        memory64_enabled: false,
        memory_max_size_required: true,
        min_funcs: 3,
        min_memories: 0,
        min_uleb_size: if draws.below(4) == 0 { 1 + draws.below(ULEB_MAX) as u8 } else { 1 },
        multi_value_enabled: false,
        reference_types_enabled: false,
        relaxed_simd_enabled: false,
        saturating_float_to_int_enabled: false,
        sign_extension_ops_enabled: true,
        simd_enabled: false,
        tail_call_enabled: false,
        threads_enabled: false,
        ..Config::default()
    }
}

/// The contract's memory does not grow: i32.clz takes and gives the same.
fn without_growth(mut wasm: Vec<u8>) -> Result<Vec<u8>, Box<dyn std::error::Error>> {
    const CLZ: u8 = 0x67;
    const NOP: u8 = 0x01;
    let mut found = Vec::new();
    for payload in Parser::new(0).parse_all(&wasm) {
        let Payload::CodeSectionEntry(body) = payload? else { continue };
        let mut operators = body.get_operators_reader()?;
        while !operators.eof() {
            let (operator, from) = operators.read_with_offset()?;
            if matches!(operator, Operator::MemoryGrow { .. }) {
                found.push(from..operators.original_position());
            }
        }
    }
    for range in found {
        wasm[range.clone()].fill(NOP);
        wasm[range.start] = CLZ;
    }
    Ok(wasm)
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let words: Vec<String> = std::env::args().collect();
    let [_, shape, seed, count] = &words[..] else {
        return Err("kilowasm-smith SHAPE SEED COUNT".into());
    };
    let shape = std::fs::read(shape)?;
    let mut draws = Draws(seed.parse()?);
    let mut out = io::stdout().lock();
    for _ in 0..count.parse::<u64>()? {
        let size = OCTETS_MIN + draws.below(OCTETS_MAX - OCTETS_MIN);
        let octets: Vec<u8> = (0..size).map(|_| draws.next() as u8).collect();
        let made = Module::new(config(&shape, &mut draws), &mut Unstructured::new(&octets))?.to_bytes();
        let wasm = without_growth(made)?;
        out.write_all(&(wasm.len() as u32).to_le_bytes())?;
        out.write_all(&wasm)?;
    }
    Ok(())
}
