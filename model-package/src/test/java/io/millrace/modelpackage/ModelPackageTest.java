package io.millrace.modelpackage;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ai.onnx.proto.OnnxMl;
import io.millrace.modelpackage.PackageException.Code;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.yaml.snakeyaml.Yaml;

class ModelPackageTest {
  @TempDir Path temp;

  @Test
  void opensWhatItWrote() throws IOException {
    Path directory = temp.resolve("model");
    ModelPackage written = Packages.write(directory);
    ModelPackage opened = ModelPackage.open(directory);

    assertThat(opened.manifest()).isEqualTo(written.manifest());
    assertThat(opened.manifest().files()).hasSize(7);
    assertThat(opened.signature()).isEqualTo(Packages.signature());
    assertThat(opened.profile().features()).hasSize(30);
    assertThat(opened.sha256()).matches("[0-9a-f]{64}").isEqualTo(written.sha256());
    try (var files = Files.list(directory)) {
      assertThat(opened.size()).isEqualTo(files.mapToLong(f -> f.toFile().length()).sum());
    }
  }

  @Test
  void mlmodelHasBothFlavoursAndSignatureAsJsonText() throws IOException {
    Path directory = temp.resolve("model");
    Packages.write(directory);
    Map<String, Object> model = new Yaml().load(Files.readString(directory.resolve("MLmodel")));

    assertThat(model)
        .containsKeys("flavors", "signature", "run_id", "utc_time_created", "model_uuid");
    assertThat(model.get("utc_time_created")).isEqualTo("2026-11-21 08:00:00.123456");
    assertThat(model.get("flavors").toString())
        .contains("onnx=", "data=model.onnx", "python_function=", "loader_module=mlflow.onnx");
    Map<?, ?> signature = (Map<?, ?>) model.get("signature");
    assertThat(signature.get("inputs").toString())
        .startsWith("[{\"type\":\"double\",\"name\":\"mean_radius\"");
    assertThat(signature.get("outputs").toString()).contains("\"probabilities\"", "[-1,2]");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "MLmodel",
        "model.onnx",
        "reference-profile.json",
        "input_example.json",
        "requirements.txt",
        "python_env.yaml",
        "conda.yaml"
      })
  void namesFileWithOneChangedByte(String name) throws IOException {
    Path directory = temp.resolve("model");
    Packages.write(directory);
    byte[] bytes = Files.readAllBytes(directory.resolve(name));
    bytes[bytes.length / 2] ^= 1;
    Files.write(directory.resolve(name), bytes);

    refused(directory, Code.CORRUPT_FILE, name + " has SHA-256");
  }

  @Test
  void namesTruncatedAndMissingFiles() throws IOException {
    Path directory = temp.resolve("model");
    Packages.write(directory);
    Path onnx = directory.resolve("model.onnx");
    Files.write(onnx, java.util.Arrays.copyOf(Files.readAllBytes(onnx), 100));
    refused(directory, Code.CORRUPT_FILE, "model.onnx has 100 bytes, the manifest says 760");
    Files.delete(onnx);
    refused(directory, Code.MISSING_FILE, "no file 'model.onnx'");
    Files.delete(directory.resolve("manifest.json"));
    refused(directory, Code.MISSING_FILE, "no file 'manifest.json'");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "../outside",
        "/etc/hostname",
        "a/../../outside",
        "./model.onnx",
        "a//b",
        "c:\\\\x",
        ""
      })
  void refusesManifestPathsOutsidePackage(String path) throws IOException {
    Path directory = temp.resolve("model");
    Packages.write(directory);
    Files.writeString(temp.resolve("outside"), "x");
    rewriteManifest(directory, "\"path\" : \"conda.yaml\"", "\"path\" : \"" + path + "\"");
    refused(directory, Code.UNSAFE_PATH, "not a plain path inside the package");
  }

  @Test
  void refusesLinksOutOfPackage() throws IOException {
    Path directory = temp.resolve("model");
    Packages.write(directory);
    Path moved = Files.move(directory.resolve("conda.yaml"), temp.resolve("conda.yaml"));
    Files.createSymbolicLink(directory.resolve("conda.yaml"), moved);
    refused(directory, Code.UNSAFE_PATH, "'conda.yaml'");
  }

  @Test
  void refusesExternalTensorsOutsidePackage() throws IOException {
    Path directory = temp.resolve("model");
    OnnxMl.ModelProto model = OnnxMl.ModelProto.parseFrom(Files.readAllBytes(Packages.ONNX));
    OnnxMl.ModelProto external = withExternalTensor(model, "../../etc/passwd");
    Path onnx = Files.write(temp.resolve("external.onnx"), external.toByteArray());
    Files.createDirectories(directory);
    assertThatThrownBy(() -> OnnxGraph.checkExternalData(directory, onnx))
        .isInstanceOfSatisfying(
            PackageException.class, e -> assertThat(e.code()).isEqualTo(Code.UNSAFE_PATH))
        .hasMessageContaining("external.onnx names the path '../../etc/passwd'");

    Path inner = Files.write(temp.resolve("inner.onnx"), inSubgraph(external).toByteArray());
    assertThatThrownBy(() -> OnnxGraph.checkExternalData(directory, inner))
        .hasMessageContaining("../../etc/passwd");

    Files.writeString(directory.resolve("weights.bin"), "0000");
    Path inside =
        Files.write(
            temp.resolve("inside.onnx"), withExternalTensor(model, "weights.bin").toByteArray());
    OnnxGraph.checkExternalData(directory, inside);
  }

  @Test
  void refusesOtherDocumentsAndNewerForms() throws IOException {
    Path directory = temp.resolve("model");
    Packages.write(directory);
    String manifest = Files.readString(directory.resolve("manifest.json"));
    Files.writeString(
        directory.resolve("manifest.json"),
        manifest.replace("\"version\" : 1,\n  \"createdAt", "\"version\" : 9,\n  \"createdAt"));
    refused(directory, Code.UNSUPPORTED, "manifest.json has version 9");
    Files.writeString(directory.resolve("manifest.json"), "{}");
    assertThatThrownBy(() -> ModelPackage.open(directory)).isInstanceOf(PackageException.class);
    Files.writeString(directory.resolve("manifest.json"), "nonsense");
    refused(directory, Code.UNREADABLE, "manifest.json cannot be read");
  }

  @Test
  void neverWritesOverOtherFiles() throws IOException {
    Files.writeString(temp.resolve("something"), "x");
    assertThatThrownBy(() -> Packages.write(temp)).hasMessageContaining("is not empty");
  }

  private static void refused(Path directory, Code code, String message) {
    assertThatThrownBy(() -> ModelPackage.open(directory))
        .isInstanceOfSatisfying(PackageException.class, e -> assertThat(e.code()).isEqualTo(code))
        .hasMessageContaining(message);
  }

  private static void rewriteManifest(Path directory, String from, String to) throws IOException {
    Path file = directory.resolve("manifest.json");
    String text = Files.readString(file);
    assertThat(text).contains(from);
    Files.writeString(file, text.replace(from, to));
  }

  private static OnnxMl.ModelProto withExternalTensor(OnnxMl.ModelProto model, String location) {
    OnnxMl.ModelProto.Builder builder = model.toBuilder();
    builder
        .getGraphBuilder()
        .addInitializer(
            OnnxMl.TensorProto.newBuilder()
                .setName("weights")
                .setDataType(1)
                .addDims(1)
                .setDataLocation(OnnxMl.TensorProto.DataLocation.EXTERNAL)
                .addExternalData(
                    OnnxMl.StringStringEntryProto.newBuilder()
                        .setKey("location")
                        .setValue(location)));
    return builder.build();
  }

  private static OnnxMl.ModelProto inSubgraph(OnnxMl.ModelProto model) {
    OnnxMl.AttributeProto branch =
        OnnxMl.AttributeProto.newBuilder().setName("then_branch").setG(model.getGraph()).build();
    OnnxMl.NodeProto node =
        OnnxMl.NodeProto.newBuilder().setOpType("If").addAllAttribute(List.of(branch)).build();
    return OnnxMl.ModelProto.newBuilder()
        .setGraph(OnnxMl.GraphProto.newBuilder().addNode(node))
        .build();
  }
}
