//! Detaching a thread from Python while it works, and attaching it again.
//!
//! A thread that attaches to an interpreter which is about to exit does not return: before 3.14, Python ends
//! it by unwinding its stack. A stack with frames of Rust on it cannot be unwound; the process would abort.
//! Here the unwinding stops at a frame that waits for the end of the process.

use std::ffi::c_int;

/// Python's state of a thread.
#[repr(C)]
struct ThreadState {
    opaque: [u8; 0],
}

/// An interpreter of the process; there may be several.
#[repr(C)]
struct Interpreter {
    opaque: [u8; 0],
}

// All of them are in the stable ABI of every version.
unsafe extern "C-unwind" {
    fn PyInterpreterState_Get() -> *mut Interpreter;
    fn PyInterpreterState_GetID(interpreter: *mut Interpreter) -> i64;
    fn PyEval_SaveThread() -> *mut ThreadState;
    fn PyEval_RestoreThread(state: *mut ThreadState);
    fn PyErr_CheckSignals() -> c_int;
}

/// The main interpreter's number: the first one of a runtime. The others count up from it.
const MAIN: i64 = 0;

/// Is the calling thread attached to the main interpreter of the process?
pub(crate) fn is_main() -> bool {
    // SAFETY: has no precondition but that the thread is attached; if it were not, Python itself would
    // end the process with a message.
    let current = unsafe { PyInterpreterState_GetID(PyInterpreterState_Get()) };
    current == MAIN
}

/// Does `work` with the thread detached; the calling thread must be attached. `work` gets a function that says
/// whether a signal handler has raised an exception. Once it returns true, `work` should end; the exception is
/// left set for the caller.
pub(crate) fn without_interpreter<T>(work: impl FnOnce(&dyn Fn() -> bool) -> T) -> T {
    without_interpreter_but(&|| false, work)
}

/// The same, and whenever signals are looked at, `look` is called with the thread attached; it says whether it
/// has left an exception set.
pub(crate) fn without_interpreter_but<T>(
    look: &dyn Fn() -> bool,
    work: impl FnOnce(&dyn Fn() -> bool) -> T,
) -> T {
    // SAFETY: has no precondition but that the thread is attached; if it were not, Python itself would
    // end the process with a message.
    let detached = Detached { state: unsafe { PyEval_SaveThread() } };
    work(&|| detached.has_raised(look))
}

/// While it lives, the thread is not attached.
struct Detached {
    state: *mut ThreadState,
}

impl Detached {
    fn attach(&self) {
        let unwound = WaitForExit;
        // SAFETY: the state is this thread's, from PyEval_SaveThread, and not current.
        unsafe { PyEval_RestoreThread(self.state) };
        std::mem::forget(unwound);
    }

    fn has_raised(&self, look: &dyn Fn() -> bool) -> bool {
        self.attach();
        // SAFETY: the thread is attached.
        let raised = unsafe { PyErr_CheckSignals() != 0 } || look();
        // SAFETY: the thread is attached. Afterwards its state is the same as before.
        unsafe { PyEval_SaveThread() };
        raised
    }
}

impl Drop for Detached {
    fn drop(&mut self) {
        self.attach();
    }
}

/// Dropped only when Python unwinds the stack because the interpreter is gone.
struct WaitForExit;

impl Drop for WaitForExit {
    fn drop(&mut self) {
        loop {
            std::thread::park();
        }
    }
}
