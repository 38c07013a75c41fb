package io.millrace.modelpackage;

import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtLoggingLevel;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.util.Optional;

/**
 * The one door to ONNX Runtime in a process: it never phones home.
 *
 * <p>Since 1.29 the Linux library sends usage data to its maker unless {@code
 * ORT_DISABLE_TELEMETRY} is in the process environment when it starts; its preparation for that
 * also overflows the thread's stack where the command line is longer than about 3800 characters,
 * which a Java class path easily is. So the variable is set here, before the library is loaded. All
 * code must get the environment from here, not from {@link OrtEnvironment} itself.
 */
public final class OnnxRuntime {
  private static final String SWITCH = "ORT_DISABLE_TELEMETRY";

  private OnnxRuntime() {}

  private static final class Holder {
    static final OrtEnvironment ENVIRONMENT = start();

    private static OrtEnvironment start() {
      setEnvironmentVariable(SWITCH, "1");
      OrtEnvironment environment =
          OrtEnvironment.getEnvironment(OrtLoggingLevel.ORT_LOGGING_LEVEL_ERROR, "millrace");
      try {
        environment.setTelemetry(false);
      } catch (OrtException e) {
        throw new IllegalStateException(
            "ONNX Runtime does not let its telemetry be switched off", e);
      }
      return environment;
    }
  }

  /** The environment, with telemetry off. */
  public static OrtEnvironment environment() {
    return Holder.ENVIRONMENT;
  }

  /** Java has no way to change its own environment; the C library does (not on Windows). */
  private static void setEnvironmentVariable(String name, String value) {
    Linker linker = Linker.nativeLinker();
    Optional<MemorySegment> symbol = linker.defaultLookup().find("setenv");
    if (symbol.isEmpty()) {
      return;
    }
    MethodHandle setenv =
        linker.downcallHandle(
            symbol.get(),
            FunctionDescriptor.of(
                ValueLayout.JAVA_INT,
                ValueLayout.ADDRESS,
                ValueLayout.ADDRESS,
                ValueLayout.JAVA_INT));
    try (Arena arena = Arena.ofConfined()) {
      int failed = (int) setenv.invokeExact(arena.allocateFrom(name), arena.allocateFrom(value), 1);
      if (failed != 0) {
        throw new IllegalStateException("cannot set the environment variable " + name);
      }
    } catch (RuntimeException | Error e) {
      throw e;
    } catch (Throwable e) {
      throw new IllegalStateException("cannot set the environment variable " + name, e);
    }
  }
}
