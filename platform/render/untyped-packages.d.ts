declare module 'libheif-js/wasm-bundle.js' {
  type Pixels = { data: Uint8ClampedArray; width: number; height: number };
  type HeifImage = {
    get_width(): number;
    get_height(): number;
    is_primary(): boolean | number;
    /** Fills `pixels` with RGBA, transformed as the file asks for; null where that cannot be done. */
    display(pixels: Pixels, done: (pixels: Pixels | null) => void): void;
    free(): void;
  };
  const libheif: { HeifDecoder: new () => { decode(content: Uint8Array): HeifImage[] } };
  export default libheif;
}

declare module 'pdfjs-dist/legacy/build/pdf.min.mjs' {
  export { getDocument, GlobalWorkerOptions, type PDFDocumentProxy } from 'pdfjs-dist';
}
