package io.millrace.artifact.storage;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.invoke.MethodHandle;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** SHA-256 of the system's OpenSSL, version 3, by its documented digest functions (EVP). */
final class Libcrypto {

  private static final String LIBRARY = "libcrypto.so.3";
  private static final int DIGEST_BYTES = 32;

  /** Null where the system has no such library, or it does not do what it should. */
  static final @Nullable Libcrypto FOUND = find();

  private final MethodHandle newContext;
  private final MethodHandle freeContext;
  private final MethodHandle sha256;
  private final MethodHandle begin;
  private final MethodHandle update;
  private final MethodHandle end;

  private Libcrypto(Linker linker, SymbolLookup library) {
    newContext =
        linker.downcallHandle(
            library.findOrThrow("EVP_MD_CTX_new"), FunctionDescriptor.of(ADDRESS));
    freeContext =
        linker.downcallHandle(
            library.findOrThrow("EVP_MD_CTX_free"), FunctionDescriptor.ofVoid(ADDRESS));
    sha256 =
        linker.downcallHandle(library.findOrThrow("EVP_sha256"), FunctionDescriptor.of(ADDRESS));
    begin =
        linker.downcallHandle(
            library.findOrThrow("EVP_DigestInit_ex"),
            FunctionDescriptor.of(JAVA_INT, ADDRESS, ADDRESS, ADDRESS));
    update =
        linker.downcallHandle(
            library.findOrThrow("EVP_DigestUpdate"),
            FunctionDescriptor.of(JAVA_INT, ADDRESS, ADDRESS, JAVA_LONG),
            // Arrays of the heap are read where they are; the collector waits for some 50 us.
            Linker.Option.critical(true));
    end =
        linker.downcallHandle(
            library.findOrThrow("EVP_DigestFinal_ex"),
            FunctionDescriptor.of(JAVA_INT, ADDRESS, ADDRESS, ADDRESS));
  }

  private static @Nullable Libcrypto find() {
    Logger log = LoggerFactory.getLogger(Libcrypto.class);
    try {
      Libcrypto found =
          new Libcrypto(Linker.nativeLinker(), SymbolLookup.libraryLookup(LIBRARY, Arena.global()));
      Digest probe = found.sha256();
      probe.update(ByteBuffer.wrap("abc".getBytes(StandardCharsets.US_ASCII)));
      String digest = HexFormat.of().formatHex(probe.finish());
      if (digest.equals("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")) {
        return found;
      }
      log.warn("{} gives {} as the SHA-256 of \"abc\"; the JDK's is used", LIBRARY, digest);
    } catch (RuntimeException | LinkageError e) {
      log.debug("{} cannot be used; SHA-256 is the JDK's: {}", LIBRARY, e.toString());
    }
    return null;
  }

  /** Begins a digest. */
  Digest sha256() {
    try {
      MemorySegment context = (MemorySegment) newContext.invokeExact();
      if (context.equals(MemorySegment.NULL)) {
        throw new OutOfMemoryError("EVP_MD_CTX_new");
      }
      Digest digest = new Digest(context.reinterpret(Arena.ofAuto(), this::free));
      require(
          (int) begin.invokeExact(context, algorithm(), MemorySegment.NULL), "EVP_DigestInit_ex");
      return digest;
    } catch (Throwable e) {
      throw failure(e);
    }
  }

  private MemorySegment algorithm() throws Throwable {
    return (MemorySegment) sha256.invokeExact();
  }

  private void free(MemorySegment context) {
    try {
      freeContext.invokeExact(context);
    } catch (Throwable e) {
      throw failure(e);
    }
  }

  private static void require(int result, String call) {
    if (result != 1) {
      throw new IllegalStateException(call + " of " + LIBRARY + " answered " + result);
    }
  }

  private static RuntimeException failure(Throwable thrown) {
    if (thrown instanceof Error error) {
      throw error;
    }
    return thrown instanceof RuntimeException known ? known : new IllegalStateException(thrown);
  }

  /** One digest; its memory at the library goes when the collector finds it unused. */
  final class Digest {
    private final MemorySegment context;

    private Digest(MemorySegment context) {
      this.context = context;
    }

    /** Takes all that remains of the buffer. */
    void update(ByteBuffer bytes) {
      int length = bytes.remaining();
      try {
        require(
            (int) update.invokeExact(context, MemorySegment.ofBuffer(bytes), (long) length),
            "EVP_DigestUpdate");
      } catch (Throwable e) {
        throw failure(e);
      }
      bytes.position(bytes.limit());
    }

    /** The 32 bytes; nothing may follow. */
    byte[] finish() {
      try (Arena arena = Arena.ofConfined()) {
        MemorySegment result = arena.allocate(DIGEST_BYTES);
        require((int) end.invokeExact(context, result, MemorySegment.NULL), "EVP_DigestFinal_ex");
        return result.toArray(JAVA_BYTE);
      } catch (Throwable e) {
        throw failure(e);
      }
    }
  }
}
