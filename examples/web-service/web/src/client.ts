const api = "/api";

export async function orders(): Promise<Order[]> {
  const answer = await fetch("/orders");
  return answer.json();
}

export async function refund(order: Order): Promise<void> {
  await fetch("/orders/refund", { method: "POST", body: JSON.stringify(order) });
}

interface Order { id: number }
