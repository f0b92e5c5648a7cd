//! A Lua value as plain cells. `json.h` declares the same layout, `build.c` executes it.

use super::error::Failure;

/// What a cell stands for; the numbers are `json.h`'s.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u16)]
pub enum Tag {
    Nil = 0,
    False = 1,
    True = 2,
    Int = 3,
    Num = 4,
    Str = 5,
    Light = 6,
    Array = 8,
    Object = 9,
    /// A string that is also kept in the stack slot `slot`.
    Keep = 10,
    /// What was kept in the stack slot `slot`.
    Slot = 11,
}

/// One cell of a tape: 16 bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(C)]
pub struct Cell {
    pub tag: Tag,
    pub slot: u16,
    pub len: u32,
    /// An integer, the bits of a double, or an address: the union of `json.h`.
    pub bits: u64,
}

impl Cell {
    pub const NIL: Cell = Cell { tag: Tag::Nil, slot: 0, len: 0, bits: 0 };
    pub const FALSE: Cell = Cell { tag: Tag::False, ..Cell::NIL };
    pub const TRUE: Cell = Cell { tag: Tag::True, ..Cell::NIL };
    /// Light userdata NULL: what `null` becomes unless the caller wants another value.
    pub const NULL: Cell = Cell { tag: Tag::Light, ..Cell::NIL };

    #[inline(always)]
    pub fn int(value: i64) -> Cell {
        Cell { tag: Tag::Int, bits: value as u64, ..Cell::NIL }
    }

    #[inline(always)]
    pub fn num(value: f64) -> Cell {
        Cell { tag: Tag::Num, bits: value.to_bits(), ..Cell::NIL }
    }

    /// The bytes must stay where they are until the tape is executed. A document is shorter than 4 GiB, so is every string.
    #[inline(always)]
    pub fn str(start: *const u8, len: usize) -> Cell {
        Cell { tag: Tag::Str, slot: 0, len: len as u32, bits: start as usize as u64 }
    }

    #[inline(always)]
    pub fn keep(start: *const u8, len: usize, slot: u16) -> Cell {
        Cell { tag: Tag::Keep, slot, ..Cell::str(start, len) }
    }

    /// The bytes of a string cell.
    ///
    /// # Safety
    /// They must still be there for as long as the result is used.
    pub unsafe fn bytes<'a>(&self) -> &'a [u8] {
        // SAFETY: S-JSON-3 and the caller's promise; address and length are those of a slice, see `str`.
        unsafe { std::slice::from_raw_parts(self.bits as usize as *const u8, self.len as usize) }
    }

    #[inline(always)]
    pub fn slot(slot: u16) -> Cell {
        Cell { tag: Tag::Slot, slot, ..Cell::NIL }
    }
}

/// A container that is open while the tape is written. C's `struct level` has the same size, and takes over the memory.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct Level {
    /// Where its cell is.
    at: u32,
    /// Twice the number of elements so far, plus one for an object. A document of 4 GiB cannot overflow it.
    count: u32,
}

impl Level {
    /// The level of the document itself, which holds one value and has no cell.
    pub const DOCUMENT: Level = Level { at: u32::MAX, count: 0 };

    /// Whether this is the document's level: then the value just written was the document's own.
    #[inline(always)]
    pub fn is_document(&self) -> bool {
        self.at == u32::MAX
    }

    #[inline(always)]
    pub fn is_object(&self) -> bool {
        self.count & 1 != 0
    }

    /// Counts an element (or a pair), now that its value is there.
    #[inline(always)]
    pub fn count(&mut self) {
        self.count += 2;
    }
}

/// The cells of one value, and the containers that are still open. Its memory serves one document after another.
#[derive(Default)]
pub struct Tape {
    cells: Vec<Cell>,
    /// The containers around the innermost open one, which whoever writes the tape has at hand.
    outer: Vec<Level>,
    depth: usize,
    max_depth: usize,
}

impl Tape {
    /// Starts a tape for one more value.
    pub fn start(&mut self, max_depth: usize) {
        self.cells.clear();
        self.outer.clear();
        self.depth = 0;
        self.max_depth = max_depth;
    }

    pub fn cells(&self) -> &[Cell] {
        &self.cells
    }

    /// Room for the levels that C needs while it executes the tape: one for every container open at once.
    pub fn levels(&mut self) -> *mut Level {
        debug_assert!(self.outer.capacity() >= self.depth);
        self.outer.as_mut_ptr()
    }

    /// How many containers were open at once at most.
    pub fn depth(&self) -> usize {
        self.depth
    }

    #[inline(always)]
    pub fn push(&mut self, cell: Cell) -> Result<(), Failure> {
        if self.cells.len() == self.cells.capacity() {
            self.grow()?;
        }
        self.cells.push(cell);
        Ok(())
    }

    #[cold]
    #[inline(never)]
    fn grow(&mut self) -> Result<(), Failure> {
        self.cells.try_reserve(self.cells.len().max(64))?;
        Ok(())
    }

    /// A container without elements.
    #[inline(always)]
    pub fn push_empty(&mut self, object: bool) -> Result<(), Failure> {
        if self.outer.len() >= self.max_depth {
            return Err(Failure::TooDeep);
        }
        self.push(Cell { tag: if object { Tag::Object } else { Tag::Array }, ..Cell::NIL })
    }

    /// Opens a container that will have elements, inside `top`; its cell gets their number when it closes.
    #[inline(always)]
    pub fn open(&mut self, object: bool, top: &mut Level) -> Result<(), Failure> {
        let at = self.cells.len() as u32;
        self.push_empty(object)?;
        if self.outer.len() == self.outer.capacity() {
            self.grow_outer()?;
        }
        self.outer.push(*top);
        *top = Level { at, count: object as u32 };
        self.depth = self.depth.max(self.outer.len());
        Ok(())
    }

    #[cold]
    #[inline(never)]
    fn grow_outer(&mut self) -> Result<(), Failure> {
        self.outer.try_reserve(self.outer.len().max(16))?;
        Ok(())
    }

    /// Closes the container `top`, which is now a value of the one around it: that becomes `top`.
    #[inline(always)]
    pub fn close(&mut self, top: &mut Level) {
        if let (Some(cell), Some(outer)) = (self.cells.get_mut(top.at as usize), self.outer.pop()) {
            cell.len = top.count >> 1;
            *top = outer;
        }
    }

    /// The bytes in use.
    pub fn bytes(&self) -> usize {
        size_of_val(self.cells())
    }

    /// The bytes allocated.
    pub fn capacity(&self) -> usize {
        self.cells.capacity() * size_of::<Cell>() + self.outer.capacity() * size_of::<Level>()
    }

    pub fn shrink(&mut self) {
        self.cells = Vec::new();
        self.outer = Vec::new();
    }
}
