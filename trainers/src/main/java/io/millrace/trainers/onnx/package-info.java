/** Writes ONNX graphs node by node. */
@NullMarked
package io.millrace.trainers.onnx;

import org.jspecify.annotations.NullMarked;
