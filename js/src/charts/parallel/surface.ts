// A canvas as large as its box.

export class Surface {
	readonly canvas = document.createElement("canvas");
	width = 0;
	height = 0;

	/** Makes the canvas as large as asked, in CSS pixels, and returns where to draw. */
	begin(width: number, height: number): CanvasRenderingContext2D | null {
		const ratio = window.devicePixelRatio || 1;
		const [wide, high] = [Math.round(width * ratio), Math.round(height * ratio)];
		if (this.canvas.width !== wide || this.canvas.height !== high) {
			this.canvas.width = wide;
			this.canvas.height = high;
			this.canvas.style.width = `${width}px`;
			this.canvas.style.height = `${height}px`;
		}
		this.width = width;
		this.height = height;
		const context = this.canvas.getContext("2d");
		context?.setTransform(ratio, 0, 0, ratio, 0, 0);
		context?.clearRect(0, 0, width, height);
		return context;
	}

	/** Calls `move` wherever the pointer goes, until it is released. */
	follow(down: PointerEvent, move: (event: PointerEvent) => void): void {
		const { canvas } = this;
		canvas.setPointerCapture(down.pointerId);
		const end = (event: PointerEvent) => {
			move(event);
			canvas.removeEventListener("pointermove", move);
		};
		canvas.addEventListener("pointermove", move);
		canvas.addEventListener("pointerup", end, { once: true });
	}
}
