package io.millrace.modelpackage;

import ai.onnx.proto.OnnxMl;
import com.google.protobuf.InvalidProtocolBufferException;
import io.millrace.modelpackage.PackageException.Code;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** Looks into an ONNX file before the runtime does: which other files it wants to read. */
final class OnnxGraph {
  private OnnxGraph() {}

  /**
   * Checks that every tensor kept outside the file is a file of the package.
   *
   * @throws PackageException {@code UNREADABLE}, {@code UNSAFE_PATH} or {@code MISSING_FILE}
   */
  static void checkExternalData(Path root, Path model) {
    for (String location : externalData(model)) {
      PackagePaths.resolve(root, location, model.getFileName().toString());
    }
  }

  private static List<String> externalData(Path model) {
    try (InputStream in = Files.newInputStream(model)) {
      OnnxMl.ModelProto proto = OnnxMl.ModelProto.parseFrom(in);
      if (!proto.hasGraph()) {
        throw new PackageException(
            Code.UNREADABLE, model.getFileName() + " is not an ONNX model: it has no graph");
      }
      List<String> locations = new ArrayList<>();
      collect(proto.getGraph(), locations);
      for (OnnxMl.FunctionProto function : proto.getFunctionsList()) {
        function.getNodeList().forEach(node -> collect(node, locations));
      }
      return locations;
    } catch (InvalidProtocolBufferException e) {
      throw new PackageException(
          Code.UNREADABLE, model.getFileName() + " is not an ONNX model: " + e.getMessage(), e);
    } catch (IOException e) {
      throw new UncheckedIOException("cannot read " + model, e);
    }
  }

  private static void collect(OnnxMl.GraphProto graph, List<String> locations) {
    graph.getInitializerList().forEach(tensor -> collect(tensor, locations));
    graph
        .getSparseInitializerList()
        .forEach(
            sparse -> {
              collect(sparse.getValues(), locations);
              collect(sparse.getIndices(), locations);
            });
    graph.getNodeList().forEach(node -> collect(node, locations));
  }

  private static void collect(OnnxMl.NodeProto node, List<String> locations) {
    for (OnnxMl.AttributeProto attribute : node.getAttributeList()) {
      collect(attribute.getT(), locations);
      attribute.getTensorsList().forEach(tensor -> collect(tensor, locations));
      if (attribute.hasG()) {
        collect(attribute.getG(), locations);
      }
      attribute.getGraphsList().forEach(graph -> collect(graph, locations));
    }
  }

  private static void collect(OnnxMl.TensorProto tensor, List<String> locations) {
    if (tensor.getDataLocation() == OnnxMl.TensorProto.DataLocation.EXTERNAL) {
      tensor.getExternalDataList().stream()
          .filter(entry -> entry.getKey().equals("location"))
          .forEach(entry -> locations.add(entry.getValue()));
    }
  }
}
