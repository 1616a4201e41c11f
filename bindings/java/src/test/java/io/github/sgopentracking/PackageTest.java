package io.github.sgopentracking;

import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.jna.Native;
import java.io.File;
import java.io.IOException;
import java.lang.reflect.Method;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The package: in step with the library, found and refused as its README says. */
class PackageTest {
    private static final Path HEADER = Path.of(System.getenv("CONFORMANCE_HEADER"));

    /** A program of its own, in this JDK. */
    private static final class Run {
        final String out;
        final String error;

        Run(Path directory, ProcessBuilder builder) throws IOException, InterruptedException {
            Path out = Files.createTempFile(directory, "out", "");
            Path error = Files.createTempFile(directory, "error", "");
            builder.redirectOutput(out.toFile()).redirectError(error.toFile()).start().waitFor();
            this.out = Files.readString(out).strip();
            this.error = Files.readString(error);
        }
    }

    private static ProcessBuilder java(String classPath, String program) {
        return new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(), "-cp", classPath, program);
    }

    @Test
    void everyFunctionOfTheHeaderIsDeclared() throws IOException {
        Set<String> declared = Arrays.stream(NativeFunctions.class.getDeclaredMethods())
                .map(Method::getName)
                .filter(name -> name.startsWith("sg_"))
                .collect(Collectors.toCollection(TreeSet::new));
        Set<String> wanted = Pattern.compile("(?m)^(?:[a-z].*[ *])?(sg_\\w+)\\(")
                .matcher(Files.readString(HEADER))
                .results()
                .map(match -> match.group(1))
                .collect(Collectors.toCollection(TreeSet::new));
        assertEquals(wanted, declared);
    }

    @Test
    void everyCodeHasItsClass() {
        for (Code code : Code.values()) {
            OpenTrackingException error = OpenTrackingException.of(code.value(), "text");
            assertEquals(code, error.code());
            if (!Set.of(Code.OK, Code.PARTIAL, Code.UNKNOWN).contains(code)) {
                assertNotEquals(OpenTrackingException.class, error.getClass(), code.name());
            }
        }
        assertEquals(Code.UNKNOWN, OpenTrackingException.of(99, "text").code());
        assertEquals("text (code 99)", OpenTrackingException.of(99, "text").getMessage());
    }

    @Test
    void layout() {
        ByteBuffer bytes = ByteBuffer.allocate(512).order(ByteOrder.nativeOrder());
        bytes.putInt(0, 1).putInt(4, 2).put(8, (byte) 3).putInt(12, 4).putLong(16, 5).putLong(24, 6);
        bytes.position(32);
        bytes.put("seven \u2713".getBytes(StandardCharsets.UTF_8));
        NativeFunctions.SgResult result = new NativeFunctions.SgResult();
        assertEquals(512, result.bytes.length);
        System.arraycopy(bytes.array(), 0, result.bytes, 0, 512);
        assertEquals(
                "1 2 true 4 PT0.005S PT0.000006S seven \u2713",
                result.code() + " " + result.httpStatus() + " " + result.enabled() + " " + result.attempts() + " "
                        + result.retryAfter() + " " + result.elapsed() + " " + result.message());
    }

    @Test
    void versions() throws IOException {
        String manifest = Files.readString(HEADER.resolveSibling("../Cargo.toml").normalize());
        MatchResult version = Pattern.compile("(?m)^version = \"(.+)\"").matcher(manifest).results().findFirst().get();
        assertEquals(version.group(1), OpenTracking.libraryVersion());
        assertTrue(Files.readString(Path.of("pom.xml")).contains("<version>" + version.group(1) + "</version>"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"1.2.0", "1.2.7", "1.3.0", "1.10.0"})
    void aLaterLibraryFits(String version) {
        assertDoesNotThrow(() -> Library.checkVersion("path", version, 1, 2));
    }

    @ParameterizedTest
    @ValueSource(strings = {"0.2.0", "1.1.9", "2.0.0", "2.2.0", "10.2.0"})
    void anOlderLibraryIsRefusedAndOneOfAnotherMajorVersion(String version) {
        Error error = assertThrows(UnsatisfiedLinkError.class, () -> Library.checkVersion("path", version, 1, 2));
        String needs = "path is libsg_open_tracking " + version + ", and this package needs 1.2 or a later 1.x: ";
        assertTrue(error.getMessage().startsWith(needs), error.getMessage());
    }

    /** Prints the version of the library that was found. */
    public static final class Version {
        private Version() {}

        public static void main(String[] arguments) {
            System.out.println(OpenTracking.libraryVersion());
        }
    }

    @Test
    void aMissingLibrarySaysWhereItWasLookedFor(@TempDir Path directory) throws Exception {
        ProcessBuilder program = java(System.getProperty("java.class.path"), Version.class.getName());
        program.environment().put("SG_OPEN_TRACKING_LIBRARY", "/nowhere/library.so");
        Run run = new Run(directory, program);
        assertTrue(run.error.contains("UnsatisfiedLinkError: libsg_open_tracking was not found"), run.error);
        assertTrue(run.error.contains("/nowhere/library.so: cannot open shared object file"), run.error);
    }

    @Test
    void itRunsAsAModule(@TempDir Path directory) throws Exception {
        String classes = Path.of(OpenTracking.class.getProtectionDomain().getCodeSource().getLocation().toURI()).toString();
        String jna = Path.of(Native.class.getProtectionDomain().getCodeSource().getLocation().toURI()).toString();
        Path program = directory.resolve("program");
        Files.createDirectories(program.resolve("program"));
        Files.writeString(program.resolve("module-info.java"), "module program { requires io.github.sgopentracking; }");
        Files.writeString(program.resolve("program/Main.java"), String.join("\n",
                "package program;",
                "import io.github.sgopentracking.*;",
                "public class Main {",
                "    public static void main(String[] arguments) {",
                "        try (Client client = new Client(System.getenv(\"SENDGRID_API_KEY\"))) {",
                "            System.out.println(client.getMany(client.listSubusers()).filter(item -> item.get() != null).count());",
                "        }",
                "    }",
                "}"));
        String path = String.join(File.pathSeparator, classes, jna, program.toString());
        assertEquals(0, ToolProvider.getSystemJavaCompiler().run(null, null, null, "-p", classes + File.pathSeparator + jna,
                "-d", program.toString(), program + "/module-info.java", program + "/program/Main.java"));
        Run run = new Run(directory, new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(), "-p", path, "-m", "program/program.Main"));
        assertEquals("25", run.out, run.error);
    }

    @Test
    void aLibraryBesideThePackageIsFound(@TempDir Path directory) throws Exception {
        Path classes = Path.of(OpenTracking.class.getProtectionDomain().getCodeSource().getLocation().toURI());
        Path copy = directory.resolve("classes");
        Files.createDirectories(copy.resolve("io/github/sgopentracking"));
        try (Stream<Path> files = Files.list(classes.resolve("io/github/sgopentracking"))) {
            for (Path file : files.collect(Collectors.toList())) {
                Files.copy(file, copy.resolve(classes.relativize(file)));
            }
        }
        Path library = Path.of(System.getenv("SG_OPEN_TRACKING_LIBRARY"));
        Files.copy(library, copy.resolve("libsg_open_tracking.so"));
        String classPath = System.getProperty("java.class.path").replace(classes.toString(), copy.toString());
        ProcessBuilder program = java(classPath, Version.class.getName());
        program.environment().remove("SG_OPEN_TRACKING_LIBRARY");
        Run run = new Run(directory, program);
        assertEquals(OpenTracking.libraryVersion(), run.out, run.error);
    }

    @TestFactory
    Stream<DynamicTest> readme(@TempDir Path directory) throws IOException {
        return Pattern.compile("(?ms)^```java\n(.+?)^```")
                .matcher(Files.readString(Path.of("README.md")))
                .results()
                .map(match -> DynamicTest.dynamicTest("snippet at " + match.start(), () -> {
                    Path file = Files.writeString(directory.resolve("Example.java"), match.group(1));
                    Run run = new Run(directory, java(System.getProperty("java.class.path"), file.toString()));
                    assertEquals("open tracking is off", run.out, run.error);
                    assertEquals(match.group(1).contains(".logger("), run.error.contains("event=end "), run.error);
                }));
    }
}
