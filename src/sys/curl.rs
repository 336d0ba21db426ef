//! What the `curl` crate lacks: the address of every connection, and a few options.
//!
//! libcurl calls [`ConnectionFilter::opens`] with each address that it is about to connect to, and
//! [`ConnectionFilter::connected`] with the address at the other end before each request, also where it uses a
//! kept connection again. So no host name, and no change of the address of a name, gets past the check.

use std::ffi::{CStr, CString, c_char, c_int, c_long, c_void};
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::panic::{AssertUnwindSafe, catch_unwind};

use curl::Error;
use curl::easy::{Easy2, Handler};
use curl_sys::{CURLoption, curl_easy_setopt, curl_sockaddr, curl_socket_t, curlsocktype};

// Options that curl-sys does not know, from curl.h. Those newer than libcurl 7.68 are tried, and not needed.
const SUPPRESS_CONNECT_HEADERS: CURLoption = curl_sys::CURLOPTTYPE_LONG + 265;
const PROTOCOLS: CURLoption = curl_sys::CURLOPTTYPE_LONG + 181;
const QUICK_EXIT: CURLoption = curl_sys::CURLOPTTYPE_LONG + 322; // 7.87
const PREREQFUNCTION: CURLoption = curl_sys::CURLOPTTYPE_FUNCTIONPOINT + 312; // 7.80
const PREREQDATA: CURLoption = curl_sys::CURLOPTTYPE_OBJECTPOINT + 313; // 7.80
/// `CURLPROTO_HTTP | CURLPROTO_HTTPS`.
const HTTP_AND_HTTPS: c_long = 1 | 2;

/// Decides which addresses a transfer may reach. Never called by two threads at once.
pub(crate) trait ConnectionFilter: Handler {
    /// May this address be connected to?
    fn opens(&mut self, address: IpAddr) -> bool;

    /// The system has no socket to connect with.
    fn lacks_socket(&mut self, error: &io::Error);

    /// There is a connection to this address, kept or new: may the request be sent? `None`: libcurl
    /// did not say which address it is.
    fn connected(&mut self, address: Option<IpAddr>) -> bool;
}

/// Sets what every transfer needs: the filter; http and https and nothing else; no headers of a proxy mistaken
/// for the server's; and no waiting for the resolution of a name when the transfer is given up (it goes on in
/// a thread of libcurl's, which then ends).
///
/// # Errors
/// When libcurl lacks an option.
pub(crate) fn guard<H: ConnectionFilter>(easy: &mut Easy2<H>) -> Result<(), Error> {
    // The handler is in a box that `easy` owns until its libcurl handle is gone: this stays valid
    // wherever `easy` is moved, for as long as libcurl can call. curl's own callbacks do the same.
    let filter: *mut c_void = std::ptr::from_mut(easy.get_mut()).cast();
    let handle = easy.raw();
    let open: curl_sys::curl_opensocket_callback = open_socket::<H>;
    let connected: PrereqCallback = prereq::<H>;
    // SAFETY: the handle is valid, and every option gets a value of the type that it takes.
    unsafe {
        cvt(curl_easy_setopt(handle, curl_sys::CURLOPT_OPENSOCKETFUNCTION, open))?;
        cvt(curl_easy_setopt(handle, curl_sys::CURLOPT_OPENSOCKETDATA, filter))?;
        cvt(curl_easy_setopt(handle, PROTOCOLS, HTTP_AND_HTTPS))?;
        cvt(curl_easy_setopt(handle, SUPPRESS_CONNECT_HEADERS, 1 as c_long))?;
        let _: curl_sys::CURLcode = curl_easy_setopt(handle, QUICK_EXIT, 1 as c_long);
        cvt(curl_easy_setopt(handle, PREREQDATA, filter))
            .and_then(|()| cvt(curl_easy_setopt(handle, PREREQFUNCTION, connected)))
    }
    // Where libcurl cannot ask before a request, a connection that was opened under another rule must not be
    // used again.
    .or_else(|_| easy.fresh_connect(true).and_then(|()| easy.forbid_reuse(true)))
}

/// Has no authority trusted that libcurl or its TLS library knows by itself, as those of the system: neither for
/// servers nor for proxies.
///
/// # Errors
/// When libcurl lacks an option.
pub(crate) fn forget_authorities<H: Handler>(easy: &mut Easy2<H>) -> Result<(), Error> {
    let handle = easy.raw();
    for option in [
        curl_sys::CURLOPT_CAINFO,
        curl_sys::CURLOPT_CAPATH,
        curl_sys::CURLOPT_PROXY_CAINFO,
        curl_sys::CURLOPT_PROXY_CAPATH,
    ] {
        // SAFETY: the handle is valid, and a null pointer takes away the text that such an option has.
        unsafe { cvt(curl_easy_setopt(handle, option, std::ptr::null::<c_char>()))? };
    }
    Ok(())
}

fn cvt(code: curl_sys::CURLcode) -> Result<(), Error> {
    if code == curl_sys::CURLE_OK { Ok(()) } else { Err(Error::new(code)) }
}

extern "C" fn open_socket<H: ConnectionFilter>(
    filter: *mut c_void,
    _purpose: curlsocktype,
    target: *mut curl_sockaddr,
) -> curl_socket_t {
    // A panic must not unwind through libcurl's frames: the address is refused instead.
    catch_unwind(AssertUnwindSafe(|| {
        // SAFETY: libcurl hands back the pointer that `guard` set, which lives as long as the
        // transfer, and calls back on one thread, never from within another callback.
        let filter = unsafe { &mut *filter.cast::<H>() };
        // SAFETY: libcurl hands over a valid address for the duration of the call.
        let (address, target) = unsafe { (ip_of(target), &*target) };
        address.filter(|&address| filter.opens(address)).and_then(|_| {
            let socket = filter.open_socket(target.family, target.socktype, target.protocol);
            if socket.is_none() {
                filter.lacks_socket(&io::Error::last_os_error());
            }
            socket
        })
    }))
    .ok()
    .flatten()
    .unwrap_or(curl_sys::CURL_SOCKET_BAD)
}

/// The address in `target`.
///
/// # Safety
/// `target` must be valid, with `addrlen` bytes of its family's address in `addr`.
unsafe fn ip_of(target: *const curl_sockaddr) -> Option<IpAddr> {
    // SAFETY: the caller's promise. The fields are read unaligned, since `addr` is a `sockaddr` only
    // in name: it holds the larger structure of its family.
    unsafe {
        let (family, length) = ((*target).family, (*target).addrlen as usize);
        let address = &raw const (*target).addr;
        match family {
            libc::AF_INET if length >= size_of::<libc::sockaddr_in>() => {
                let v4 = address.cast::<libc::sockaddr_in>().read_unaligned();
                Some(Ipv4Addr::from(v4.sin_addr.s_addr.to_ne_bytes()).into())
            }
            libc::AF_INET6 if length >= size_of::<libc::sockaddr_in6>() => {
                let v6 = address.cast::<libc::sockaddr_in6>().read_unaligned();
                Some(Ipv6Addr::from(v6.sin6_addr.s6_addr).into())
            }
            _ => None,
        }
    }
}

type PrereqCallback = extern "C" fn(*mut c_void, *mut c_char, *mut c_char, c_int, c_int) -> c_int;

extern "C" fn prereq<H: ConnectionFilter>(
    filter: *mut c_void,
    primary_ip: *mut c_char,
    _local_ip: *mut c_char,
    _primary_port: c_int,
    _local_port: c_int,
) -> c_int {
    let goes_on = catch_unwind(AssertUnwindSafe(|| {
        // SAFETY: as in `open_socket`.
        let filter = unsafe { &mut *filter.cast::<H>() };
        let address = (!primary_ip.is_null()).then(|| {
            // SAFETY: libcurl hands over a text that ends in NUL.
            unsafe { CStr::from_ptr(primary_ip) }.to_str().ok()?.parse().ok()
        });
        filter.connected(address.flatten())
    }));
    // CURL_PREREQFUNC_OK and CURL_PREREQFUNC_ABORT.
    c_int::from(!goes_on.unwrap_or(false))
}

/// A date in any of the forms that HTTP allows, in seconds since 1970.
pub(crate) fn date(text: &[u8]) -> Option<i64> {
    let text = CString::new(text).ok()?;
    // SAFETY: the text ends in NUL, and libcurl does not use its second argument.
    let date = unsafe { curl_sys::curl_getdate(text.as_ptr(), std::ptr::null()) };
    (date >= 0).then_some(date)
}

/// Blocks every signal in this thread: the other threads of the process handle them.
pub(crate) fn block_signals() {
    // SAFETY: both calls only touch the set, which is plain data that the first one initialises.
    unsafe {
        let mut all: libc::sigset_t = std::mem::zeroed();
        libc::sigfillset(&raw mut all);
        libc::pthread_sigmask(libc::SIG_BLOCK, &raw const all, std::ptr::null_mut());
    }
}

/// Has `hook` called when the process exits in an orderly way. Hooks run in reverse order: one that
/// is registered after libcurl was initialised runs before OpenSSL cleans up.
pub(crate) fn at_exit(hook: extern "C" fn()) {
    // SAFETY: `atexit` takes any function without arguments. If its table is full, the hook is not run,
    // and the threads that it would have stopped end with the process.
    let _ = unsafe { libc::atexit(hook) };
}
