package io.github.sgopentracking;

import com.sun.jna.Callback;
import com.sun.jna.CallbackReference;
import com.sun.jna.Native;
import com.sun.jna.NativeLibrary;
import com.sun.jna.Platform;
import com.sun.jna.Pointer;
import java.io.File;
import java.io.IOException;
import java.lang.ref.Cleaner;
import java.net.URISyntaxException;
import java.security.CodeSource;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.stream.Collectors;

/**
 * Finds the library, checks its version and binds {@link NativeFunctions} to it.
 *
 * <p>In a class loader that may be thrown away, such as a web application's, they are bound only while something uses
 * them: JNA holds on to what it has bound, and its thread lives as long.
 */
final class Library {
    /** The oldest version of the library that has all that this package uses. */
    static final int NEEDED_MAJOR = 1;
    static final int NEEDED_MINOR = 1;

    private static final String EXTRACTING = "\nJNA extracts what the jars hold of native code into the folder that"
            + " -Djna.tmpdir=FOLDER names, else into ~/.cache/JNA, else into java.io.tmpdir: it must be writable, and not be"
            + " mounted noexec. Name another one.\nOr have nothing extracted: set SG_OPEN_TRACKING_LIBRARY to the path of"
            + " libsg_open_tracking.so.1, and -Djna.boot.library.path to the folder of libjnidispatch.so, out of JNA's jar.";

    private static final boolean BOUND_FOR_EVER = isThePrograms(Library.class.getClassLoader());

    /** Frees what was only forgotten. Its thread ends with this class. */
    static final Cleaner CLEANER = Cleaner.create();

    private static final Runnable FORGET = Library::forgetCallbacks;

    /** At the next collection: until then JNA's map may not have been told that a callback is gone. */
    private static final Runnable FORGET_SOON = () -> CLEANER.register(new Object(), FORGET);

    private static int users; // guarded by the class, as the rest: bind() runs while its caller has it
    private static boolean bound;
    private static String place; // where it was found the first time
    private static String whyNoJna; // what it said the first time: later it only says that it failed before

    private Library() {}

    /** Has the functions stay bound until the {@link #release} that belongs to it. */
    static synchronized void retain() {
        if (!bound) {
            if (BOUND_FOR_EVER) {
                bind();
            } else {
                inAThreadOfItsOwn(Library::bind);
            }
            bound = true;
        }
        users++;
    }

    static synchronized void release() {
        users--;
        if (users == 0 && !BOUND_FOR_EVER) {
            Native.unregister(NativeFunctions.class);
            bound = false;
        }
    }

    /** What a code means, in one sentence. */
    static String meaning(int code) {
        retain(); // what the code comes from may have been the last to use the library
        try {
            return NativeFunctions.text(NativeFunctions.sg_strerror(code));
        } finally {
            release();
        }
    }

    /** A callback's address, which is good while the callback is reachable. */
    static Pointer address(Callback callback) {
        if (!BOUND_FOR_EVER) {
            CLEANER.register(callback, FORGET_SOON);
        }
        return CallbackReference.getFunctionPointer(callback);
    }

    /** JNA's map holds what belongs to a collected callback until it is next asked for any. */
    private static void forgetCallbacks() {
        CallbackReference.getCallback(NativeFunctions.OnResult.class, new Pointer(1));
    }

    private static boolean isThePrograms(ClassLoader loader) {
        ClassLoader programs = ClassLoader.getSystemClassLoader();
        while (programs != null && programs != loader) {
            programs = programs.getParent();
        }
        return programs == loader;
    }

    /** JNA leaves a thread-local of its class behind in the thread that binds: in a server's, that would be for ever. */
    private static void inAThreadOfItsOwn(Runnable run) {
        CompletableFuture<Void> done = new CompletableFuture<>();
        Runnable completing = () -> {
            try {
                run.run();
                done.complete(null);
            } catch (Throwable error) {
                done.completeExceptionally(error);
            }
        };
        Threads.thread(completing, "sg-open-tracking binding").start();
        try {
            done.join();
        } catch (CompletionException failed) {
            if (failed.getCause() instanceof UnsatisfiedLinkError) {
                throw (UnsatisfiedLinkError) failed.getCause();
            }
            throw failed;
        }
    }

    private static void loadJna() {
        try {
            Native.getNativeSize(int.class);
        } catch (LinkageError error) {
            whyNoJna = whyNoJna == null ? reason(error) : whyNoJna;
            throw new UnsatisfiedLinkError("JNA could not be loaded: " + whyNoJna + EXTRACTING);
        }
    }

    /** What the loader said, in one line, without what JNA adds. */
    private static String reason(LinkageError error) {
        return error.getMessage()
                .lines()
                .map(String::strip)
                .filter(line -> !line.isEmpty() && !line.startsWith("Unable to load ") && !line.startsWith("Native library ("))
                .distinct()
                .collect(Collectors.joining("; "));
    }

    private static void bind() {
        loadJna();
        NativeLibrary library = place == null ? open() : NativeLibrary.getInstance(place);
        String version;
        try {
            version = library.getFunction("sg_version").invokePointer(new Object[0]).getString(0, "UTF-8");
        } catch (UnsatisfiedLinkError error) {
            throw new UnsatisfiedLinkError(
                    library.getFile() + " is not the libsg_open_tracking that was meant: " + error.getMessage());
        }
        checkVersion(library.getFile(), version, NEEDED_MAJOR, NEEDED_MINOR);
        Native.register(NativeFunctions.class, library);
        FORGET_SOON.run();
        FORGET.run(); // so that all it takes is loaded: no class loader of a server loads more once it was stopped
    }

    /** Refuses a library that is older than the one that is needed, or of another major version. */
    static void checkVersion(Object path, String version, int major, int minor) {
        String[] parts = version.split("\\.");
        if (Integer.parseInt(parts[0]) != major || Integer.parseInt(parts[1]) < minor) {
            throw new UnsatisfiedLinkError(path + " is libsg_open_tracking " + version + ", and this package needs "
                    + major + "." + minor + " or a later " + major
                    + ".x: install one, or set SG_OPEN_TRACKING_LIBRARY to its path");
        }
    }

    /** The library that the environment names; else one beside this class or in its jar; else the loader's. */
    private static NativeLibrary open() {
        List<String> names = Platform.isWindows()
                ? List.of("sg_open_tracking.dll", "libsg_open_tracking.dll")
                : Platform.isMac()
                        ? List.of("libsg_open_tracking.1.dylib", "libsg_open_tracking.dylib")
                        : List.of("libsg_open_tracking.so.1", "libsg_open_tracking.so");
        String named = System.getenv("SG_OPEN_TRACKING_LIBRARY");
        List<String> candidates = new ArrayList<>();
        if (named != null && !named.isEmpty()) {
            candidates.add(new File(named).getAbsolutePath());
        } else {
            candidates.addAll(beside(names));
            candidates.addAll(inside(names.get(0)));
            candidates.addAll(names);
        }
        StringBuilder failures = new StringBuilder();
        for (String candidate : candidates) {
            try {
                NativeLibrary library = NativeLibrary.getInstance(candidate);
                place = candidate;
                return library;
            } catch (UnsatisfiedLinkError error) {
                failures.append("\n  ").append(candidate).append(": ").append(reason(error));
            }
        }
        boolean noexec = failures.indexOf("failed to map segment") >= 0;
        throw new UnsatisfiedLinkError("libsg_open_tracking was not found: install it, or set SG_OPEN_TRACKING_LIBRARY to its path."
                + " Tried:" + failures + (noexec ? EXTRACTING : ""));
    }

    /** The library in the jar, for this platform, as JNA extracts it; else nothing. */
    private static List<String> inside(String name) {
        try {
            String resource = "/" + Platform.RESOURCE_PREFIX + "/" + name;
            return List.of(Native.extractFromResourcePath(resource, Library.class.getClassLoader()).getPath());
        } catch (IOException notInside) {
            return List.of();
        }
    }

    /** Those of the names that exist in the directory of the jar, or of the classes. */
    private static List<String> beside(List<String> names) {
        List<String> found = new ArrayList<>();
        CodeSource source = Library.class.getProtectionDomain().getCodeSource();
        try {
            File place = source == null ? null : new File(source.getLocation().toURI());
            for (String name : names) {
                File file = place == null ? null : new File(place.isFile() ? place.getParentFile() : place, name);
                if (file != null && file.exists()) {
                    found.add(file.getPath());
                }
            }
        } catch (URISyntaxException | IllegalArgumentException notAFile) {
            return found; // loaded from something that has no directory
        }
        return found;
    }
}
