package io.millrace.modelpackage;

import io.millrace.datasets.Profile;
import io.millrace.modelpackage.PackageException.Code;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.DeserializationFeature;
import tools.jackson.databind.SerializationFeature;
import tools.jackson.databind.json.JsonMapper;

/**
 * A directory that holds a model and everything needed to serve, judge and watch it:
 *
 * <pre>
 * MLmodel                 as MLflow's onnx flavour writes it
 * model.onnx              float input "features" [n, columns]; outputs "label" and "probabilities", or "prediction"
 * manifest.json           size and SHA-256 of every other file, signature, provenance
 * reference-profile.json  what monitoring compares with
 * input_example.json, requirements.txt, python_env.yaml, conda.yaml
 * </pre>
 *
 * An open package was verified once; it does not notice later changes of its files.
 */
public final class ModelPackage {
  /** The ONNX graph. */
  public static final String MODEL_FILE = "model.onnx";

  /** The list of all other files, with their digests. */
  public static final String MANIFEST_FILE = "manifest.json";

  /** The reference profile. */
  public static final String PROFILE_FILE = "reference-profile.json";

  /** The media type of a package, as a reference to one names it. */
  public static final String MEDIA_TYPE = "application/vnd.millrace.model-package";

  private static final JsonMapper JSON =
      JsonMapper.builder()
          .enable(SerializationFeature.INDENT_OUTPUT)
          .disable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES)
          .build();

  private final Path directory;
  private final Manifest manifest;

  private ModelPackage(Path directory, Manifest manifest) {
    this.directory = directory;
    this.manifest = manifest;
  }

  /**
   * The first rows of a model's data in MLflow's split form: values in the order of the columns.
   *
   * @param columns feature names
   * @param data rows of numbers as the graph takes them, null where missing
   */
  public record InputExample(List<String> columns, List<List<@Nullable Object>> data) {}

  /**
   * Writes a package into an empty or new directory.
   *
   * @param manifest its {@code files} are ignored and filled in
   * @throws UncheckedIOException where a file cannot be written
   */
  public static ModelPackage write(
      Path directory, Manifest manifest, byte[] onnx, Profile profile, InputExample example) {
    try {
      Files.createDirectories(directory);
      try (Stream<Path> present = Files.list(directory)) {
        if (present.findAny().isPresent()) {
          throw new IllegalArgumentException("the directory " + directory + " is not empty");
        }
      }
      Files.write(directory.resolve(MODEL_FILE), onnx);
      text(directory, PROFILE_FILE, profile.toJson());
      text(directory, "input_example.json", JSON.writeValueAsString(example));
      text(directory, "requirements.txt", MlflowModel.requirements());
      text(directory, "python_env.yaml", MlflowModel.pythonEnv());
      text(directory, "conda.yaml", MlflowModel.conda());
      text(directory, "MLmodel", MlflowModel.mlmodel(manifest, onnx.length));
      List<Manifest.FileEntry> entries = new ArrayList<>();
      try (Stream<Path> files = Files.list(directory)) {
        for (Path file : files.sorted().toList()) {
          entries.add(
              new Manifest.FileEntry(
                  file.getFileName().toString(), Files.size(file), Digests.sha256(file)));
        }
      }
      // Last, so that a directory with a manifest is a whole package.
      text(directory, MANIFEST_FILE, JSON.writeValueAsString(manifest.withFiles(entries)));
      return open(directory);
    } catch (IOException e) {
      throw new UncheckedIOException("cannot write the model package " + directory, e);
    }
  }

  /**
   * Opens a package and verifies it: every file of the manifest is there with its size and SHA-256,
   * and no path leads out of the directory, neither in the manifest nor in the graph.
   *
   * @throws PackageException saying which file is wrong and how
   */
  public static ModelPackage open(Path directory) {
    Path manifestFile = PackagePaths.resolve(directory, MANIFEST_FILE, "every model package");
    Manifest manifest = readManifest(manifestFile);
    try {
      for (Manifest.FileEntry entry : manifest.files()) {
        verify(PackagePaths.resolve(directory, entry.path(), MANIFEST_FILE), entry);
      }
    } catch (IOException e) {
      throw new UncheckedIOException("cannot read the model package " + directory, e);
    }
    for (String needed : List.of(MODEL_FILE, PROFILE_FILE, "MLmodel")) {
      if (manifest.file(needed).isEmpty()) {
        throw new PackageException(
            Code.MISSING_FILE,
            MANIFEST_FILE + " does not list " + needed + ", so it cannot be trusted");
      }
    }
    OnnxGraph.checkExternalData(directory, directory.resolve(MODEL_FILE));
    return new ModelPackage(directory, manifest);
  }

  /** Where the package is. */
  public Path directory() {
    return directory;
  }

  /** The ONNX file. */
  public Path model() {
    return directory.resolve(MODEL_FILE);
  }

  public Manifest manifest() {
    return manifest;
  }

  /** How rows become the graph's input. */
  public Signature signature() {
    return manifest.signature();
  }

  /** Reads the reference profile. */
  public Profile profile() {
    try {
      return Profile.fromJson(Files.readString(directory.resolve(PROFILE_FILE)));
    } catch (IOException e) {
      throw new UncheckedIOException("cannot read " + PROFILE_FILE + " in " + directory, e);
    }
  }

  /**
   * Names the content of the whole package: the SHA-256 of its manifest, which has those of all
   * files.
   */
  public String sha256() {
    try {
      return Digests.sha256(directory.resolve(MANIFEST_FILE));
    } catch (IOException e) {
      throw new UncheckedIOException("cannot read " + MANIFEST_FILE + " in " + directory, e);
    }
  }

  /** All bytes of the package, the manifest included. */
  public long size() {
    try {
      return manifest.files().stream().mapToLong(Manifest.FileEntry::size).sum()
          + Files.size(directory.resolve(MANIFEST_FILE));
    } catch (IOException e) {
      throw new UncheckedIOException("cannot read " + MANIFEST_FILE + " in " + directory, e);
    }
  }

  /**
   * Reads a manifest on its own, for a program that fetches the files it names.
   *
   * @throws PackageException {@code UNREADABLE} or, for a newer form, {@code UNSUPPORTED}
   */
  public static Manifest readManifest(Path file) {
    try {
      return readManifest(Files.readAllBytes(file));
    } catch (IOException e) {
      throw new UncheckedIOException("cannot read " + file, e);
    }
  }

  /** Reads the bytes of a manifest, with the exceptions of {@link #readManifest(Path)}. */
  public static Manifest readManifest(byte[] json) {
    try {
      Manifest manifest = JSON.readValue(json, Manifest.class);
      if (manifest == null || !Manifest.FORMAT.equals(manifest.format())) {
        throw new PackageException(
            Code.UNREADABLE, MANIFEST_FILE + " is not the manifest of a model package");
      }
      if (manifest.version() != Manifest.VERSION) {
        throw new PackageException(
            Code.UNSUPPORTED,
            "%s has version %d; this program reads version %d"
                .formatted(MANIFEST_FILE, manifest.version(), Manifest.VERSION));
      }
      return manifest;
    } catch (JacksonException e) {
      throw new PackageException(
          Code.UNREADABLE, MANIFEST_FILE + " cannot be read: " + e.getOriginalMessage(), e);
    }
  }

  private static void verify(Path file, Manifest.FileEntry entry) throws IOException {
    long size = Files.size(file);
    if (size != entry.size()) {
      throw new PackageException(
          Code.CORRUPT_FILE,
          "%s has %d bytes, the manifest says %d; fetch the package again"
              .formatted(entry.path(), size, entry.size()));
    }
    String sha256 = Digests.sha256(file);
    if (!sha256.equals(entry.sha256())) {
      throw new PackageException(
          Code.CORRUPT_FILE,
          "%s has SHA-256 %s, the manifest says %s; fetch the package again"
              .formatted(entry.path(), sha256, entry.sha256()));
    }
  }

  private static void text(Path directory, String name, String content) throws IOException {
    Files.writeString(directory.resolve(name), content, StandardCharsets.UTF_8);
  }
}
